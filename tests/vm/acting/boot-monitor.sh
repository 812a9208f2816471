# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
devices_change

# so_often NAME NUMBER EXPRESSION: whether so many lines of what `follow` has match.
so_often() {
	[ "$(grep -cE -e "$3" "/out/$1")" -eq "$2" ] || {
		echo "not $2 of '$3' in:"
		tail -n 40 "/out/$1"
		return 1
	}
}

CARD=0000:01:00.0
ADD='"source":"%s","action":"add","object":"device","name":"0000:01:00.0"'
mkdir -p /etc/udev/rules.d
cat >/etc/udev/rules.d/70-rig.rules <<-END
	SUBSYSTEM=="vfio", GROUP="kvm", MODE="0660"
END
udevadm control --reload

check "it listens to udev where udevd runs" follow auto
check "and says so" grep -qF "listening for events of udev" /out/auto.err
check "another as JSON" follow json --json
check "to the kernel when it is asked" follow kernel --json --source kernel
check "which it says" grep -qF "listening for events of kernel" /out/kernel.err
check "to both" follow both --json --source both
check "as a plain user as well" follow user --source udev --count 1 $CARD

check "a card is plugged in" plug e1000e card '"bus": "port1"'
check "udev tells" within 20 seen auto "add +device +$CARD +id=8086:10d3"
group=$(group_of $CARD)
check "so is its group" within 5 seen auto "add +group +$group\$"
check "udevd loaded its driver" within 10 driver_is $CARD e1000e
# shellcheck disable=SC2059 # ADD has the place for a word
{
	check "by udev in JSON" within 5 seen json "$(printf "$ADD" udev)"
	check "by the kernel when asked" seen kernel "$(printf "$ADD" kernel)"
	check "once each" so_often json 1 "$(printf "$ADD" '[a-z]*')"
	check "for who wanted both, once by the one" within 5 so_often both 1 "$(printf "$ADD" kernel)"
	check "and once by the other" so_often both 1 "$(printf "$ADD" udev)"
}
check "in the order in which they come: the kernel's first" \
	sh -c "grep -E '\"action\":\"add\",\"object\":\"device\",\"name\":\"$CARD\"' /out/both | head -n 1 | grep -q '\"source\":\"kernel\"'"
check "its bind" within 5 seen auto "bind +device +$CARD .*driver=e1000e"
# shellcheck disable=SC2154 # follow assigns it
check "who wanted one has ended" within 5 not kill -0 "$user"

check "bind" exits 0 vfiotool bind $CARD
check "is seen" within 5 seen auto "bind +device +$CARD .*driver=vfio-pci group=$group"
check "with the node" within 5 seen auto "(add|change) +node +/dev/vfio/$group "
check "as udev's rules made it" within 5 seen auto "node +/dev/vfio/$group +group=$group mode=0660 uid=0 gid=103"
check "which is what it is" test "$(stat -c %a:%g /dev/vfio/"$group")" = 660:103
check "unbind" exits 0 vfiotool unbind $CARD
check "is seen" within 5 seen auto "unbind +device +$CARD .*driver=vfio-pci group=$group"
check "the node goes" within 5 seen auto "remove +node +/dev/vfio/$group "
check "its own driver comes" within 5 seen auto "bind +device +$CARD .*driver=e1000e"
udevadm trigger --action=change /sys/bus/pci/devices/$CARD
udevadm settle
check "an event by hand is seen" within 5 seen auto "change +device +$CARD "
check "not by who listens to the kernel's own only once" within 5 so_often kernel 1 '"action":"change","object":"device","name":"0000:01:00.0"'
check "the card is taken away" unplug card
check "which is seen" within 20 seen auto "remove +device +$CARD .*group=$group"
check "by all" within 5 seen kernel '"action":"remove","object":"device","name":"0000:01:00.0"'
# What a device was is told by each of the two, not only by the first.
for source in udev kernel; do
	check "an unbind by $source of both has the driver" within 5 seen both \
		"\"source\":\"$source\",\"action\":\"unbind\",\"object\":\"device\",\"name\":\"$CARD\".*\"driver\":\"vfio-pci\""
	check "a removal by $source of both has the group" within 5 seen both \
		"\"source\":\"$source\",\"action\":\"remove\",\"object\":\"device\",\"name\":\"$CARD\".*\"group\":$group"
done
check "udev's unbind has the driver that was, though the kernel has told of the next" seen both \
	"\"source\":\"udev\",\"action\":\"unbind\",\"object\":\"device\",\"name\":\"$CARD\".*\"driver\":\"e1000e\""
check "udev's add has none, though the kernel has told of one" seen both \
	"\"source\":\"udev\",\"action\":\"add\",\"object\":\"device\",\"name\":\"$CARD\".*\"driver\":null"
check "nothing was lost" not grep -q lost /out/auto /out/json /out/kernel /out/both

# shellcheck disable=SC2154 # follow assigns them
for one in "$auto" "$json" "$kernel" "$both"; do
	kill -TERM "$one"
	check "SIGTERM ends it well" wait "$one"
done
rm /etc/udev/rules.d/70-rig.rules
udevadm control --reload
