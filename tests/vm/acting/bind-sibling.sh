# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
PF=0000:01:00.0 CARD=0000:02:00.0
why=GROUP_SET_CONTAINER
since 5.19 || why=GROUP_GET_DEVICE_FD

check "it is refused, once bound" exits 2 vfiotool inspect -q --if-bound $CARD
check "at the step of a group with a host driver" exits 0 vfiotool inspect --json $CARD
check "naming the step" says "$why"
check "naming who stays" says "$PF, in the same group as $CARD, must stay on host driver nvme"
check "bind --group refuses, too" exits 2 vfiotool bind --json --group $CARD
check "for the same reason" says "$PF has virtual functions enabled"
check "with what helps the group" says "bind $PF to pci-stub, which does not block the group: vfiotool bind --driver pci-stub $PF"
check "and moves nobody" driver_is $CARD e1000e
check "nobody" driver_is $PF nvme
check "all is as it was" unchanged
check "the card alone" exits 0 vfiotool bind --json $CARD
check "is of no use, and --group no way" says "$PF must stay on nvme"
check "but pci-stub" says "vfiotool bind --driver pci-stub $PF"
check "nor can it be attached" exits 2 vfiotool attach --json $CARD
check "for which the other is not sent to vfio-pci" says "vfiotool bind --driver pci-stub $PF"
check "it goes back" exits 0 vfiotool unbind $CARD
check "all is as it was" unchanged
check "forced, the kernel refuses" exits 2 vfiotool bind --force=predicted --group $CARD
check "the physical function is back" driver_is $PF nvme
check "all is as it was" unchanged
check "the remedy of the verdict works" exits 0 vfiotool bind --driver pci-stub $PF
check "it is there" driver_is $PF pci-stub
check "now the card may be handed out" exits 0 vfiotool inspect -q --if-bound $CARD
check "but not before it is bound" exits 2 vfiotool inspect -q $CARD
check "bind --group" exits 0 vfiotool bind --group $CARD
check "then at once" exits 0 vfiotool inspect -q $CARD
check "attach" exits 0 vfiotool attach $CARD
check "unbind" exits 0 vfiotool unbind $CARD
check "and the other" exits 0 vfiotool restore
check "all is as it was" unchanged
