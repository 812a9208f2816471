# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of vfiotool(8) for fish. The lint test 'docs' holds the options to the program; devices, columns and the
# like are asked of the program itself.

# NAME<tab>HELP of all that the program knows of a kind, on the system that the line is about.
function __vfiotool_ask
    set -l words (commandline -opc)
    set -l root
    for i in (seq 2 (count $words))
        switch $words[$i]
            case '--sysroot=?*'
                set root $words[$i]
            case --sysroot
                set -q words[(math $i + 1)]; and set root --sysroot $words[(math $i + 1)]
        end
    end
    $words[1] $root --complete $argv[1] 2>/dev/null
end

# The command of the line; empty when there is none yet.
function __vfiotool_command
    set -l words (commandline -opc)
    set -l skip no
    for word in $words[2..-1]
        if test $skip = yes
            set skip no
            continue
        end
        switch $word
            case --sysroot --kernel --assume --path --output --sort --vf-token --address-bits --type --line --journal --libvirt --errno --op -o -x -e
                set skip yes
            case '-*'
            case '*'
                echo $word
                return
        end
    end
end

function __vfiotool_is
    contains -- (__vfiotool_command) $argv
end

function __vfiotool_none
    test -z (__vfiotool_command)
end

# Several names of a kind separated by commas, perhaps after a plus: those before the last stay.
function __vfiotool_several
    set -l before (string match -r '^.*,|^\+' -- (commandline -ct | string replace -r '^(--output=|--force=|--only=|-o)' ''))
    printf "$before%s\n" (__vfiotool_ask $argv[1])
end

# Devices and groups. An address begun without its domain is completed without it.
function __vfiotool_targets
    if string match -qr '^[0-9a-f]{2}:' -- (commandline -ct)
        __vfiotool_ask devices | string replace -r '^0000:' ''
    else
        __vfiotool_ask devices
        __vfiotool_ask groups
    end
end

# Whether the line already has the -- of attach, and the completion of the command after it.
function __vfiotool_has_program
    __vfiotool_is attach; and contains -- -- (commandline -opc)
end

function __vfiotool_program
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -l rest $words[(math $at + 1)..-1]
    complete -C (string join ' ' -- (string escape -- $rest) (commandline -ct))
end

# [TARGET:]KEY=VALUE
function __vfiotool_assume
    set -l before (string match -r '^.*:' -- (commandline -ct | string replace -r '^--assume=' ''))
    printf "$before%s\n" (__vfiotool_ask assumptions)
end

complete -c vfiotool -f
complete -c vfiotool -n __vfiotool_none -a '(__vfiotool_ask commands)'
complete -c vfiotool -n '__vfiotool_is list inspect explain plan attach map prove irq reset regions monitor bind unbind; and not __vfiotool_has_program' -a '(__vfiotool_targets)'
complete -c vfiotool -n __vfiotool_has_program -a '(__vfiotool_program)'
complete -c vfiotool -n '__vfiotool_is rules' -a '(__vfiotool_ask rules)'
complete -c vfiotool -n '__vfiotool_is diagnose' -F
complete -c vfiotool -n '__vfiotool_is capture' -F -a '(__vfiotool_targets)'

complete -c vfiotool -l sysroot -r -F -d 'Read another system'
complete -c vfiotool -l color -x -a 'auto always never' -d Colours
complete -c vfiotool -s v -l verbose -d 'Print more detail'
complete -c vfiotool -s q -l quiet -d 'Print nothing; the exit status is the answer'
complete -c vfiotool -s h -l help -d 'Print this help'
complete -c vfiotool -l usage -d 'Print the options only'
complete -c vfiotool -s V -l version -d 'Print the version'
complete -c vfiotool -l introspect -d 'Print commands, options and rules as JSON'

complete -c vfiotool -n '__vfiotool_is list' -s o -l output -x -a '(__vfiotool_several columns)' -d 'Columns to show'
complete -c vfiotool -n '__vfiotool_is list' -s O -l output-all -d 'All columns'
complete -c vfiotool -n '__vfiotool_is list' -s a -l all -d 'Also bridges'
complete -c vfiotool -n '__vfiotool_is list' -l no-bridges -d 'No bridges'
complete -c vfiotool -n '__vfiotool_is list' -l class -x -a 'vga network nvme storage audio usb' -d 'Only this class'
complete -c vfiotool -n '__vfiotool_is list' -l driver -x -a '(__vfiotool_ask drivers)' -d 'Only devices on this driver'
complete -c vfiotool -n '__vfiotool_is list' -l group -x -a none -d 'Only devices of this group'
complete -c vfiotool -n '__vfiotool_is list' -l verdict -x -a 'yes no unknown' -d 'Only devices with this answer'
complete -c vfiotool -n '__vfiotool_is list' -l if-bound -d 'With --verdict: after binding'
complete -c vfiotool -n '__vfiotool_is list' -l filter -x -d 'Only devices for which this is true'
complete -c vfiotool -n '__vfiotool_is list compare' -l csv -d 'CSV'
complete -c vfiotool -n '__vfiotool_is list' -s T -l tree -d 'Show devices below their ports and buses'
complete -c vfiotool -n '__vfiotool_is list' -s x -l sort -x -a '(__vfiotool_ask columns)' -d 'Sort by a column'
complete -c vfiotool -n '__vfiotool_is list explain plan check attach map prove irq reset regions monitor bind unbind restore rules diff compare diagnose' -s J -l json -d JSON
complete -c vfiotool -n '__vfiotool_is inspect' -s J -l json -a summary -d JSON
complete -c vfiotool -n '__vfiotool_is list' -s P -l pairs -d 'KEY="value" pairs'
complete -c vfiotool -n '__vfiotool_is list' -s r -l raw -d 'Separate columns by one space'
complete -c vfiotool -n '__vfiotool_is list' -s n -l noheadings -d 'Print no column names'

complete -c vfiotool -n '__vfiotool_is inspect explain rules' -l kernel -x -a '(__vfiotool_ask generations)' -d 'Decide as another kernel'
complete -c vfiotool -n '__vfiotool_is inspect' -l all-kernels -d 'Show all kernels side by side'
complete -c vfiotool -n '__vfiotool_is inspect' -l assume -x -a '(__vfiotool_assume)' -d 'Assume this to be true'
complete -c vfiotool -n '__vfiotool_is inspect plan attach map prove irq reset regions' -l path -x -a '(__vfiotool_ask paths)' -d 'Only this path'
complete -c vfiotool -n '__vfiotool_is inspect' -l if-bound -d 'With -q: answer for after binding'
complete -c vfiotool -n '__vfiotool_is check' -l user -x -a '(__fish_complete_users)' -d 'User who will use the devices'
complete -c vfiotool -n '__vfiotool_is check' -l unit -x -d 'Unit that will use the devices'
complete -c vfiotool -n '__vfiotool_is check' -l vm -r -d 'Definition of a virtual machine'
complete -c vfiotool -n '__vfiotool_is check' -l pid -x -a '(__fish_complete_pids)' -d 'Process of a virtual machine'
complete -c vfiotool -n '__vfiotool_is check' -l mapping -r -d 'Mappings of Proxmox VE'
complete -c vfiotool -n '__vfiotool_is plan' -l vm-user -x -a '(__fish_complete_users)' -d 'User who opens the devices'
complete -c vfiotool -n '__vfiotool_is plan' -l memory -x -d 'How much memory will be mapped'
complete -c vfiotool -n '__vfiotool_is plan' -l script -d 'Print a shell script'

complete -c vfiotool -n '__vfiotool_is diagnose' -s e -l line -x -d 'Explain this line'
complete -c vfiotool -n '__vfiotool_is diagnose' -l kernel-log -d 'Read the log of the kernel'
complete -c vfiotool -n '__vfiotool_is diagnose' -l journal -x -d 'Read the journal of this unit'
complete -c vfiotool -n '__vfiotool_is diagnose' -l libvirt -x -d 'Read the log of this machine'
complete -c vfiotool -n '__vfiotool_is rules' -l errno -x -d 'Only rules with this error'
complete -c vfiotool -n '__vfiotool_is rules' -l op -x -d 'Only rules for this request'
complete -c vfiotool -n '__vfiotool_is rules' -l symptoms -d 'Print symptoms instead of rules'

complete -c vfiotool -n '__vfiotool_is explain' -l acs -x -a '(__vfiotool_targets)' -d 'What if a port had these ACS bits'
complete -c vfiotool -n '__vfiotool_is explain' -l acs-override -x -a 'downstream multifunction downstream,multifunction' -d 'What if the kernel had it'
complete -c vfiotool -n '__vfiotool_is explain' -l without -x -a '(__vfiotool_targets)' -d 'What if it were unplugged'
complete -c vfiotool -n '__vfiotool_is explain' -l move -x -a '(__vfiotool_targets)' -d 'What if it were in another slot'
complete -c vfiotool -n '__vfiotool_is explain' -l slots -d 'List the slots whose devices would be alone'
complete -c vfiotool -n '__vfiotool_is explain' -l p2p -d 'Show the way of DMA between two targets'
complete -c vfiotool -n '__vfiotool_is explain' -l dot -d 'Print a graph for dot'
complete -c vfiotool -n '__vfiotool_is explain' -l svg -d 'Print a picture'

complete -c vfiotool -n '__vfiotool_is attach map prove irq reset regions' -l vf-token -x -d 'VF token'
complete -c vfiotool -n '__vfiotool_is attach' -l type -x -a 'type1 type1v2 nesting' -d 'IOMMU type'
complete -c vfiotool -n '__vfiotool_is attach map prove irq reset regions' -l load -d 'Load missing VFIO modules first'
complete -c vfiotool -n '__vfiotool_is attach' -l hold -d 'Keep it attached until a signal'

complete -c vfiotool -n '__vfiotool_is map' -l iova -x -d 'Map at this IOVA'
complete -c vfiotool -n '__vfiotool_is map' -l size -x -d 'Size of each mapping'
complete -c vfiotool -n '__vfiotool_is map' -l pages -x -a 'auto 4K 2M 1G thp' -d 'Pages of the memory'
complete -c vfiotool -n '__vfiotool_is map' -l count -x -d 'Number of mappings'
complete -c vfiotool -n '__vfiotool_is map' -l prot -x -a 'r w rw' -d 'Access of the device'
complete -c vfiotool -n '__vfiotool_is map' -l memory -x -a 'own read-only none' -d 'Access of the caller'
complete -c vfiotool -n '__vfiotool_is map' -l layout -x -a 'contiguous spread scatter' -d 'Place of chosen IOVAs'
complete -c vfiotool -n '__vfiotool_is map' -l unmap -x -d 'Then unmap this range'
complete -c vfiotool -n '__vfiotool_is map' -l unmap-all -d 'Then unmap everything in one request'
complete -c vfiotool -n '__vfiotool_is map' -l dirty -d 'Track dirty pages while mapped'
complete -c vfiotool -n '__vfiotool_is map' -l verify -d 'Verify that everything is mapped'
complete -c vfiotool -n '__vfiotool_is map' -l anyway -d 'Also send requests predicted to be refused'
complete -c vfiotool -n '__vfiotool_is map' -l dry-run -d 'Predict only'
complete -c vfiotool -n '__vfiotool_is map' -l bench -d 'Time mappings of each path, kind of pages and size'
complete -c vfiotool -n '__vfiotool_is map' -l csv -d 'With --bench: CSV'

complete -c vfiotool -n '__vfiotool_is bind unbind restore' -l dry-run -d 'Print every write without making it'
complete -c vfiotool -n '__vfiotool_is bind unbind restore' -l wait -x -d 'How long to wait'
complete -c vfiotool -n '__vfiotool_is bind unbind restore' -l journal -r -F -d 'Directory of the journal'
complete -c vfiotool -n '__vfiotool_is bind unbind' -l persist -d 'Keep the driver after a reboot'
complete -c vfiotool -n '__vfiotool_is bind' -l driver -x -a '(__vfiotool_ask drivers)' -d 'Use this driver'
complete -c vfiotool -n '__vfiotool_is bind' -l group -d 'Also bind group members that must move'

complete -c vfiotool -n '__vfiotool_is prove' -l list -d 'Only list which devices can be proven'
complete -c vfiotool -n '__vfiotool_is prove' -l address-bits -x -d 'Address bits of the device'

complete -c vfiotool -n '__vfiotool_is irq' -l index -x -a 'intx msi msix err req' -d 'Only this kind'
complete -c vfiotool -n '__vfiotool_is irq' -l vectors -x -d 'Number of vectors'
complete -c vfiotool -n '__vfiotool_is irq' -l count -x -d 'Trigger each vector N times'
complete -c vfiotool -n '__vfiotool_is irq' -l device -d 'Also make the device raise an interrupt'
complete -c vfiotool -n '__vfiotool_is irq' -l timeout -x -d 'Milliseconds to wait for each'

complete -c vfiotool -n '__vfiotool_is monitor' -l count -x -d 'End after this many events'
complete -c vfiotool -n '__vfiotool_is monitor' -l timeout -x -d 'End after this many seconds'
complete -c vfiotool -n '__vfiotool_is monitor' -l source -x -a 'auto udev kernel both' -d 'Source of events'

complete -c vfiotool -n '__vfiotool_is reset' -l method -x -a 'auto device hot' -d 'What to reset'
complete -c vfiotool -n '__vfiotool_is reset' -l dry-run -d 'Show what would be reset'

complete -c vfiotool -n '__vfiotool_is regions' -l config -d 'Decode the configuration space'
complete -c vfiotool -n '__vfiotool_is regions' -l dump -x -a 'BAR0 BAR1 BAR2 BAR3 BAR4 BAR5 ROM config VGA' -d 'Show a region'
complete -c vfiotool -n '__vfiotool_is regions' -l offset -x -d 'Start of --dump'
complete -c vfiotool -n '__vfiotool_is regions' -l length -x -d 'Length of --dump'
complete -c vfiotool -n '__vfiotool_is regions' -l width -x -a '1 2 4 8' -d 'Bytes of one access'
complete -c vfiotool -n '__vfiotool_is regions' -l save -r -d 'Write the raw bytes to a file'
complete -c vfiotool -n '__vfiotool_is regions' -l write -x -d 'Write a register first'
complete -c vfiotool -n '__vfiotool_is regions' -l decode -d 'Turn on decoding during the access'
complete -c vfiotool -n '__vfiotool_is regions' -l force -d 'Also write protected registers'

complete -c vfiotool -n '__vfiotool_is bind unbind' -l force -x -a '(__vfiotool_several checks)' -d 'Override this safety check'
complete -c vfiotool -n '__vfiotool_is diff compare' -F
complete -c vfiotool -n '__vfiotool_is compare' -l jobs -x -d 'Processes that read'
complete -c vfiotool -n '__vfiotool_is diff' -l only -x -a '(__vfiotool_several changes)' -d 'Only these kinds of change'
complete -c vfiotool -n '__vfiotool_is capture' -s f -l force -d 'Replace the file when it exists'
complete -c vfiotool -n '__vfiotool_is capture' -l in-use -d 'Also record what the safety checks need'
complete -c vfiotool -n '__vfiotool_is capture' -l from -r -d 'Of pasted text, not of this host'
