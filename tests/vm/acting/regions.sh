# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh

# same_bytes FILE OFFSET HEX: what stands in a file.
same_bytes() {
	found=$(dd if="$1" bs=1 skip="$2" count=4 2>/dev/null | hexdump -v -e '1/1 "%02x"')
	[ "$found" = "$3" ] || {
		echo "$found instead of $3"
		return 1
	}
}

check "a list" exits 0 vfiotool regions 00:06.0
check "BAR0" says "0 BAR0   128K rwm"
check "an I/O BAR cannot be mapped" says "2 BAR2     32 rw-    -"
check "the MSI-X table" says "MSI-X table 0-0x4f"
check "the configuration space" says "7 config   4K rw-"
check "decoded" exits 0 vfiotool regions --config 00:06.0
check "the header" says "VENDOR_ID             0x8086"
check "the capabilities" says "MSIX      MSI-X: TABSIZE 5"
check "the extended ones" says "AER      Advanced Error Reporting"
check "two devices of two groups" exits 0 vfiotool regions 00:06.0 00:07.0
check "JSON" exits 0 vfiotool regions --config --json 00:08.0
check "with members" says '"name": "MSIX"'
check "edu's identification" exits 0 vfiotool regions --dump BAR0 --length 4 00:07.0
check "is its own" says "00000000  ed 00 00 01"
check "a whole configuration space" exits 0 vfiotool regions --dump config --save /out/config 00:07.0
check "as sysfs has it" same_bytes /out/config 0 3412e811
check "of that size" test "$(wc -c </out/config)" = 256
check "to standard output" sh -c "vfiotool regions --dump config --save - 00:06.0 | wc -c | grep -qx 4096"
check "edu turns what is written around" exits 0 \
	vfiotool regions --write BAR0+4=0x12345678 --dump BAR0 --offset 4 --length 4 00:07.0
check "as it should" says "00000004  87 a9 cb ed"
if ! since 6.11; then
	check "kernels that read 4 bytes at most cut 8 in two" exits 0 \
		vfiotool regions --dump BAR0 --length 8 --width 8 00:07.0
	check "which edu answers" says "ed 00 00 01 87 a9 cb ed"
else
	check "in 8 bytes edu has nothing" exits 0 vfiotool regions --dump BAR0 --length 8 --width 8 00:07.0
	check "which is how the device is" says "ff ff ff ff ff ff ff ff"
fi
check "an I/O port" exits 0 vfiotool regions --write BAR2+0=0 --dump BAR2 --length 8 00:06.0
check "a register by its name" exits 0 vfiotool regions --write config+CACHE_LINE_SIZE=16 00:06.0
check "before and after" says "was 0x00, wrote 0x10, reads 0x10"
check "a guarded one" exits 5 vfiotool regions --write config+COMMAND=0 00:06.0
check "is named" says_error "COMMAND, which turns decoding and DMA on or off"
check "a guarded one in a capability" exits 5 vfiotool regions --write config+0xa2=0x8000:2 00:06.0
check "which the kernel uses for interrupts" says_error "MSIX.MASK, which the kernel uses for interrupts"
check "with --force; then nothing answers" exits 2 \
	vfiotool regions --force --write config+COMMAND=0 --dump BAR0 --length 4 00:07.0
check "and why" says_error "decoding of memory is off in the command register"
check "which the next one does not notice" exits 0 vfiotool regions --dump BAR0 --length 4 00:07.0
check "it does answer" says "ed 00 00 01"
check "the MSI-X table is not written" exits 2 vfiotool regions --write BAR3+0=1 00:06.0
check "because the kernel would drop it" says_error "the kernel drops"
check "reads of it are all ones" exits 0 vfiotool regions --dump BAR3 --length 16 00:06.0
check "all of them" says "00000000  ff ff ff ff ff ff ff ff  ff ff ff ff ff ff ff ff"
check "no such region" exits 66 vfiotool regions --dump BAR5 00:06.0
check "beyond its end" exits 64 vfiotool regions --dump BAR2 --offset 32 00:06.0
check "a place that is no file" exits 1 vfiotool regions --dump config --save /nowhere/x 00:06.0
if [ -c /dev/full ]; then
	check "a full disk" exits 1 vfiotool regions --dump config --save /dev/full 00:06.0
fi
if [ -n "$SMALL" ] && [ -z "$COMPAT" ]; then
	check "by iommufd" exits 0 vfiotool regions --path iommufd --dump BAR0 --length 4 00:07.0
	check "the same" says "ed 00 00 01"
fi
check "two devices are one too many for a dump" exits 64 vfiotool regions --dump config 00:06.0 00:07.0
