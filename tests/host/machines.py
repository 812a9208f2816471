# SPDX-License-Identifier: GPL-2.0-or-later
"""
Virtual machines, each broken in one known way. What must come: the failures of 'check --vm' (answer, check, device, line), a
regular expression of what libvirt or QEMU prints, and what diagnose says of that (symptom, device, now).
"""

from dataclasses import dataclass

# Alone in its group; sound; two of one group.
CARD, SOUND, ONE, OTHER = "0000:00:04.0", "0000:00:06.0", "0000:01:00.0", "0000:01:00.1"
NOWHERE = "0000:00:1e.0"
# As the user whose number is 1000, who may write one file for the number of the process.
USER = "setpriv --reuid=1000 --regid=1000 --clear-groups"
PLENTY, LITTLE = (f"AS='prlimit --memlock={mib << 20}:{mib << 20} {USER}'\n" for mib in (256, 8))
USER_FILE = "touch /run/user.pid\nchown user /run/user.pid\n"


@dataclass(frozen=True)
class Machine:
    """
    @prepare, @mend and @tidy are scripts for host.sh: before @broken, before @good (the same when left out), and behind it. Where
    @refuses is empty it starts all the same. @in_log: libvirt's log of the machine has the line as well.
    """

    name: str
    predicts: str
    refuses: str
    diagnoses: tuple
    broken: str
    good: str = ""
    prepare: str = ""
    mend: str = ""
    tidy: str = ""
    in_log: bool = False

    @property
    def certain(self) -> bool:
        """A failure is predicted, not only a danger."""
        return self.predicts.startswith("fail ")


def domain(*devices, managed="yes", name="broken", memory=64, tune="", driver="") -> str:
    """A domain of libvirt; the first device is on line 12."""
    hostdevs = "".join(f"""\
    <hostdev mode='subsystem' type='pci' managed='{managed}'>
{driver}      <source>
        <address domain='0x0000' bus='0x{device[5:7]}' slot='0x{device[8:10]}' function='0x{device[11]}'/>
      </source>
    </hostdev>
""" for device in devices)
    return f"""\
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>{memory}</memory>
{tune}  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
  </os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
{hostdevs}  </devices>
</domain>
"""


def command(*devices, pid="vm", before="") -> str:
    """A script that starts QEMU; the first device is on line 3, or behind @before on line 4."""
    lines = ["exec qemu-system-x86_64 -S -machine q35,accel=tcg -nodefaults -display none", f"-daemonize -pidfile /run/{pid}.pid -m 64",
             *([before] if before else []), *(f"-device vfio-pci,host={device}" for device in devices)]
    return " \\\n\t".join(lines) + "\n"


def bind(device: str) -> str:
    """A line of a script."""
    return f"vfiotool bind {device}\n"


HOLD = f"cat >other.sh <<'END'\n{command(CARD, pid='other')}END\nsh other.sh\n"
RELEASE = 'stop "$(cat /run/other.pid)"\n'
GIVE = f'chown user "/dev/vfio/$(group_of {CARD})"\n'
NO_CONF = "rm -f /etc/modprobe.d/no.conf\n"
IOMMUFD = "      <driver name='vfio' iommufd='yes'/>\n"
LESS, LITTLE_MORE = (f"  <memtune>\n    <hard_limit unit='MiB'>{mib}</hard_limit>\n  </memtune>\n" for mib in (100, 140))
# The control group does not count them.
HUGE = "  <memoryBacking><hugepages/></memoryBacking>\n"
# The kernel ends QEMU; which words libvirt has for that depends on the moment.
ENDED = "process exited while connecting to monitor|unexpectedly closed the monitor"

MACHINES = (
    Machine("libvirt-unmanaged", f"fail vm-device {CARD} 12", "must be manually detached", (f"libvirt-unmanaged {CARD} still",),
            domain(CARD, managed="no"), mend=bind(CARD)),
    Machine("libvirt-group", f"fail vm-group {ONE} 12", "group [0-9]+ is not viable", (f"group-not-viable {ONE} still",),
            domain(ONE), domain(ONE, OTHER), in_log=True),
    Machine("libvirt-absent", f"fail vm-present {NOWHERE} 12", "not found: could not access",
            (f"no-such-device {NOWHERE} still",), domain(NOWHERE), domain(SOUND)),
    Machine("libvirt-held", f"fail vm-device {CARD} 12", "is in use by driver", (f"libvirt-in-use {CARD} still",), domain(CARD),
            prepare="sed s/broken/other/ broken.xml >other.xml\nvirsh create --paused other.xml\n", mend="virsh destroy other\n"),
    Machine("libvirt-no-module", f"fail vm-device {CARD} 12", "vfio", ("load-refused still",), domain(CARD),
            prepare="modprobe -r vfio_pci vfio_iommu_type1 vfio\necho 'install vfio_pci /bin/false' >/etc/modprobe.d/no.conf\n",
            mend=NO_CONF, tidy=NO_CONF),
    Machine("libvirt-hard-limit", f"fail vm-memlock {CARD} 5", ENDED, (), domain(CARD, memory=128, tune=LESS), domain(CARD, memory=128)),
    Machine("libvirt-hard-limit-tight", "warn vm-memlock 5", ENDED, (), domain(CARD, memory=128, tune=LITTLE_MORE),
            domain(CARD, memory=128, tune=LITTLE_MORE + HUGE), mend="echo 64 >/proc/sys/vm/nr_hugepages\n",
            tidy="echo 0 >/proc/sys/vm/nr_hugepages\n"),
    # libvirt 9.0 does not know it.
    Machine("libvirt-iommufd", f"warn vm-backend {CARD} 11", "", (), domain(CARD, driver=IOMMUFD), domain(CARD),
            mend="virsh destroy broken\n"),
    Machine("qemu-host-driver", f"fail vm-device {CARD} 3", "failed to open /dev/vfio/[0-9]+: No such file or directory",
            (f"open-group {CARD} still",), command(CARD), mend=bind(CARD)),
    Machine("qemu-group", f"fail vm-group {ONE} 3", "group [0-9]+ is not viable", (f"group-not-viable {ONE} still",), command(ONE),
            prepare=bind(ONE), mend=bind(OTHER)),
    Machine("qemu-absent", f"fail vm-present {NOWHERE} 3", "no such host device", (f"no-such-device {NOWHERE} still",),
            command(NOWHERE), command(SOUND), mend=bind(SOUND)),
    Machine("qemu-held", f"fail vm-device {CARD} 3", "Device or resource busy", (f"open-group {CARD} still",), command(CARD),
            prepare=bind(CARD) + HOLD, mend=RELEASE),
    Machine("qemu-permission", f"fail vm-device {CARD} 3", "Permission denied", (f"open-group {CARD} still",),
            command(CARD, pid="user"), prepare=f"{PLENTY}{USER_FILE}{bind(CARD)}", mend=GIVE),
    Machine("qemu-memlock", f"fail vm-memlock {CARD} 2", "Cannot allocate memory", (f"memlock {CARD} still",),
            command(CARD, pid="user"), prepare=f"{LITTLE}{USER_FILE}{bind(CARD)}{GIVE}", mend=PLENTY),
    Machine("qemu-no-type1", f"fail vm-device {CARD} 3", "No available IOMMU models", (f"type1-missing {CARD} still",), command(CARD),
            prepare=f"{bind(CARD)}modprobe -r vfio_iommu_type1\necho 'install vfio_iommu_type1 /bin/false' >/etc/modprobe.d/no.conf\n",
            mend=f"{NO_CONF}modprobe vfio_iommu_type1\n", tidy=NO_CONF),
    Machine("qemu-iommufd", f"fail vm-backend {CARD} 4", "does not accept value", ("iommufd-unknown unknown",),
            command(f"{CARD},iommufd=i", before="-object iommufd,id=i"), command(CARD), prepare=bind(CARD)),
    Machine("qemu-caching-mode", "fail vm-viommu 3", "caching-mode", ("caching-mode unknown",),
            command(CARD, before="-device intel-iommu"), command(CARD, before="-device intel-iommu,caching-mode=on"),
            prepare=bind(CARD)),
    Machine("qemu-rom", f"fail vm-options {CARD} 3", "failed to find romfile", (), command(f"{CARD},romfile=/nowhere.rom"),
            command(CARD), prepare=bind(CARD)),
    Machine("qemu-twice", f"fail vm-shared {CARD} 4", "already attached", (f"already-attached {CARD} unknown",), command(CARD, CARD),
            command(CARD), prepare=bind(CARD)),
)

UNIT = f"""[Unit]
Description=A machine that has a device

[Service]
Type=forking
User=user
PrivateDevices=yes
RuntimeDirectory=machine
PIDFile=/run/machine/pid
ExecStart=/usr/bin/qemu-system-x86_64 -S -machine q35,accel=tcg -nodefaults -display none -daemonize -pidfile /run/machine/pid -m 64 \\
    -device vfio-pci,host={CARD}
"""
