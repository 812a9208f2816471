# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
EDU=0000:00:07.0 NVME=0000:00:08.0
for path in noiommu container iommufd compat; do
	agree "one.$path" "$path" $EDU
	agree "two.$path" "$path" $EDU $NVME
done
for type in type1 type1v2 nesting; do
	check "no $type here" exits 2 vfiotool attach --path=noiommu --type=$type $EDU
	check "as predicted" says "Refused at SET_IOMMU of container with ENODEV, as predicted."
done
export CALLER=--drop-rawio
for path in noiommu iommufd; do
	agree "without-rawio.$path" "$path" $EDU
done
check "by its own choice" exits 0 vfiotool attach $EDU
if ! since 7.3; then
	check "it says which way" says noiommu
	check "there is no space to map in" exits 2 vfiotool map $EDU
fi
