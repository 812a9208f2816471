# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
devices_change

check "it listens to the kernel where no udevd runs" follow all
check "and says so" grep -qF "listening for events of kernel" /out/all.err
check "another waits for one device that is not there yet" follow card --json 0000:01:00.0
check "one is about another device" follow other 0000:00:06.0
check "one ends by its first event" follow first --count 1 0000:01:00.0

check "a card is plugged in" plug e1000e card '"bus": "port1"'
check "it is seen with its ids and its group" within 15 seen all \
	"add +device +0000:01:00.0 +id=8086:10d3 .*group=[0-9]+"
group=$(group_of 0000:01:00.0)
check "so is the new group" seen all "add +group +$group\$"
check "the one that waited has it as JSON" within 5 seen card \
	'^\{"schema":1,"time":"[-0-9T:.]+Z","source":"kernel","action":"add","object":"device","name":"0000:01:00.0","bus":"pci","id":"8086:10d3",'
# shellcheck disable=SC2154 # follow assigns it
check "the one that wanted one has ended" within 5 not kill -0 "$first"
check "with one line" test "$(wc -l </out/first)" -eq 1

give 0000:01:00.0 vfio-pci
check "a bind is seen with the driver" within 5 seen all "bind +device +0000:01:00.0 .*driver=vfio-pci group=$group"
check "and the node of its group" within 5 seen all "add +node +/dev/vfio/$group +group=$group mode=0600 uid=0 gid=0"
check "which is about the device" within 5 seen card "\"object\":\"node\",\"name\":\"/dev/vfio/$group\""
chmod 0660 /dev/vfio/"$group"
chown 0:36 /dev/vfio/"$group"
check "other permissions are seen" within 5 seen all "change +node +/dev/vfio/$group +group=$group mode=0660 uid=0 gid=36"

echo 0000:01:00.0 >/sys/bus/pci/drivers/vfio-pci/unbind
check "an unbind is seen with the driver that was" within 5 seen all \
	"unbind +device +0000:01:00.0 .*driver=vfio-pci group=$group"
check "and that the node went" within 5 seen all "remove +node +/dev/vfio/$group "
check "the card is taken away" unplug card
check "which is seen" within 20 seen all "remove +device +0000:01:00.0 .*group=$group"
check "and that the group went" within 5 seen all "remove +group +$group\$"
check "which is about the device, too" within 5 seen card "\"action\":\"remove\",\"object\":\"group\",\"name\":\"$group\""

echo 0000:00:06.0 >/sys/bus/pci/drivers/vfio-pci/unbind
give 0000:00:06.0 vfio-pci
check "the other device's are seen by who asked" within 5 seen other " bind +device +0000:00:06.0"
check "and nothing else" not grep -qF "0000:01:00.0" /out/other

# shellcheck disable=SC2154 # follow assigns them
for one in "$all" "$card" "$other"; do
	kill -TERM "$one"
	check "SIGTERM ends it well" wait "$one"
done
check "a time without the events that were asked for is a no" exits 2 vfiotool monitor --count 1 --timeout 1 0000:00:04.0
check "a time alone is not" exits 0 vfiotool monitor --timeout 1 0000:00:04.0
check "a node has to be there" exits 66 vfiotool monitor --timeout 1 /dev/vfio/devices/vfio99
check "a plain user may follow" prober --uid 1000 run timeout 10 vfiotool monitor --timeout 1
