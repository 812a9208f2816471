3qemu-system-x86_64 -device vfio-pci,host= -device vfio-pci,host=1
