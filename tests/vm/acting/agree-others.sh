# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
EDU=0000:00:07.0 NVME=0000:00:08.0
PATHS=container
[ -z "$SMALL" ] || PATHS="container compat iommufd"
for path in $PATHS; do
	agree "one.$path" "$path" $EDU
	agree "two.$path" "$path" $EDU $NVME
	[ "$path" = iommufd ] || TYPE=nesting agree "nesting.$path" "$path" $EDU
	[ "$path" = iommufd ] || TYPE=type1 agree "type1.$path" "$path" $EDU
	agree_map "free.$path" "$path" $EDU 0x10000 rw 0x100000 0x110000
	agree_map "overlap.$path" "$path" $EDU 0x10000 rw 0x100000 0x10f000
	agree_map "reserved.$path" "$path" $EDU 0x1000 rw 0xfee00000 0xfeefffff
	agree_map "beside.$path" "$path" $EDU 0x1000 rw 0xfedff000 0xfef00000
	agree_map "hypertransport.$path" "$path" $EDU 0x1000 rw 0xfd00000000
	if [ "$path" != container ] || since 6.18 || [ -n "$COMPAT" ]; then
		agree_map "top.$path" "$path" $EDU 0x1000 rw 0xfffffffffffff000
	else
		# These kernels lose sight of what ends at 2^64: it stays until the container is closed.
		check "$path: a top page that stays mapped is not hidden" exits 1 vfiotool map --path "$path" --anyway \
			--iova 0xfffffffffffff000 --size 4K $EDU
		check "$path: and is named" grep -q "stay locked" /out/stdout /out/stderr
	fi
	agree_map "read.$path" "$path" $EDU 0x1000 r 0x100000
	agree_map "write.$path" "$path" $EDU 0x1000 w 0x100000
	MEMORY=read-only agree_map "read-only.$path" "$path" $EDU 0x4000 rw 0x100000
	MEMORY=none agree_map "none.$path" "$path" $EDU 0x4000 r 0x100000
done
