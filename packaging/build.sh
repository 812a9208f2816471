#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds what a release consists of, into the folder packages, or the one that -o names. Nothing is installed; the
# section packaging of tests/packages.txt has what is needed.
#
#     packaging/build.sh tarball    vfiotool-VERSION.tar.xz of the last commit
#     packaging/build.sh deb        packages of Debian, source and binary, by dpkg-buildpackage
#     packaging/build.sh rpm        packages of Fedora and RHEL, by rpmbuild
#     packaging/build.sh arch       PKGBUILD for makepkg
#     packaging/build.sh image      an OCI image, from the .deb that is there, else from a new one (needs root)
#     packaging/build.sh release    all of it, a list of what is in it (CycloneDX), and checksums
#
# The version is the one in meson.build, the date is the one of the last entry of CHANGELOG.md. The same commit gives the
# same bytes wherever it is built.
set -eu
umask 022
export LC_ALL=C TZ=UTC

say() {
	printf 'build.sh: %s\n' "$*" >&2
}

die() {
	say "$*"
	exit 1
}

usage() {
	sed -n '3,11s/^# \{0,1\}//p' "$0" >&2
	exit 64
}

top=$(cd "$(dirname "$0")/.." && pwd)
out=$PWD/packages
while getopts o: option; do
	case $option in
	o) mkdir -p "$OPTARG" && out=$(cd "$OPTARG" && pwd) ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 1 ] || usage

version=$(sed -n "s/^[[:space:]]*version: '\(.*\)',/\1/p" "$top/meson.build")
entry=$(sed -n 's/^## //p' "$top/CHANGELOG.md" | head -n 1)
date=${entry#"$version ("}
date=${date%)}
SOURCE_DATE_EPOCH=$(date -u -d "$date" +%s 2>/dev/null) ||
	die "the first entry of CHANGELOG.md is '$entry', not '$version (DATE)'"
export SOURCE_DATE_EPOCH
name=vfiotool-$version
tarball=$out/$name.tar.xz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' INT TERM

# A template with the version and the checksum filled in.
fill() {
	sum=$(sha256sum "$tarball")
	sed -e "s/@VERSION@/$version/g" -e "s/@DATE@/$(date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')/" -e "s/@SHA256@/${sum%% *}/" "$1"
}

maintainer() {
	sed -n 's/^Maintainer: //p' "$top/packaging/debian/control"
}

# What git has of the last commit, or this folder where it is an unpacked tarball.
make_tarball() {
	mkdir -p "$out"
	if [ -e "$top/.git" ]; then
		git -C "$top" -c safe.directory="$top" archive --format=tar --prefix="$name/" HEAD | tar -x -C "$work"
	else
		mkdir "$work/$name"
		tar -C "$top" --exclude='./build*' --exclude=./packages -c . | tar -x -C "$work/$name"
	fi
	tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw \
		-c "$name" | xz -T1 >"$tarball.new"
	mv "$tarball.new" "$tarball"
	rm -rf "${work:?}/$name"
}

make_deb() {
	cp "$tarball" "$work/vfiotool_$version.orig.tar.xz"
	tar -C "$work" -xf "$tarball"
	cp -r "$work/$name/packaging/debian" "$work/$name/debian"
	cat >"$work/$name/debian/changelog" <<END
vfiotool ($version-0vfiotool1) unstable; urgency=medium

  * Release $version; changelog.gz says what is new.

 -- $(maintainer)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
	(cd "$work/$name" && dpkg-buildpackage -us -uc)
	for file in "$work"/vfiotool*_*; do
		[ "${file##*.}" = build ] || mv "$file" "$out/"
	done
	rm -rf "${work:?}/$name"
}

make_rpm() {
	mkdir -p "$work/rpm/SOURCES"
	cp "$tarball" "$work/rpm/SOURCES/"
	fill "$top/packaging/vfiotool.spec" >"$work/rpm/vfiotool.spec"
	set -- --define "_topdir $work/rpm" --define '_buildhost localhost' --define 'use_source_date_epoch_as_buildtime 1' \
		--define 'clamp_mtime_to_source_date_epoch 1' --define 'source_date_epoch_from_changelog 0'
	# Elsewhere than on Fedora and RHEL no package of RPM's has the libraries, and their macros are not there.
	[ -n "$(rpm --eval '%{?meson}')" ] ||
		set -- --nodeps --define '_unitdir /usr/lib/systemd/system' --define "packager $(maintainer)" \
			--define '__os_install_post bash /usr/lib/rpm/brp-compress /usr; strip %{buildroot}/usr/bin/vfiotool' \
			--define 'meson meson setup --prefix=/usr --buildtype=plain build' --define 'meson_build meson compile -C build' \
			--define 'meson_install meson install -C build --destdir %{buildroot}' "$@"
	rpmbuild -ba "$@" "$work/rpm/vfiotool.spec"
	find "$work/rpm/RPMS" "$work/rpm/SRPMS" -name '*.rpm' -exec mv {} "$out/" \;
}

make_arch() {
	fill "$top/packaging/PKGBUILD" >"$out/PKGBUILD"
}

# Debian's archive lines of this machine, of the release that it runs: the .deb was built against it.
sources() {
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	if [ -n "${VFIOTOOL_DEBIAN_MIRROR-}" ]; then
		echo "deb $VFIOTOOL_DEBIAN_MIRROR $codename main"
	else
		# shellcheck disable=SC2016
		apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
			grep -E " $codename(-updates|-security)? main\$" | sort -u
	fi
}

# The root of the image: the package, what it depends on and what it recommends. Nothing in it needs a shell.
make_root() {
	needs=$(dpkg-deb -f "$deb" Depends Recommends | sed 's/^[A-Za-z]*: //; s/([^)]*)//g; s/,/ /g' | tr '\n' ' ')
	# What it unpacks: scanners of images read these files. $1 is the root, in the hook's shell.
	# shellcheck disable=SC2016
	sources | mmdebstrap --quiet --variant=extract --include="base-files $needs" --extract-hook='
		mkdir "$1/var/lib/dpkg/status.d"
		for file in "$1"/var/cache/apt/archives/*.deb; do
			package=$(dpkg-deb -f "$file" Package)
			dpkg-deb -f "$file" >"$1/var/lib/dpkg/status.d/$package"
		done' "" "$work/tree" -
	dpkg-deb -x "$deb" "$work/tree"
	dpkg-deb -f "$deb" >"$work/tree/var/lib/dpkg/status.d/vfiotool"
	mkdir -p "$work/image/etc" "$work/image/var/lib/dpkg" "$work/image/host" "$work/image/dev" "$work/image/proc" \
		"$work/image/sys" "$work/image/tmp"
	(
		cd "$work/tree"
		# Locales, manual pages and change logs are for people who install; the converters of character sets are 8 MB.
		rm -rf usr/share/man usr/share/locale usr/share/bash-completion usr/share/zsh usr/share/fish usr/share/gcc \
			usr/lib/*/gconv usr/share/doc/*/changelog* usr/share/doc/*/NEWS* lib/systemd
		mv usr lib lib64 "$work/image/" 2>/dev/null || mv usr lib "$work/image/"
		mv var/lib/dpkg/status.d "$work/image/var/lib/dpkg/"
		mv etc/ld.so.conf.d etc/os-release "$work/image/etc/"
	)
	tar -C "$work/image" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -c . >"$work/root.tar"
}

make_image() {
	deb=$out/vfiotool_$version-0vfiotool1_$(dpkg --print-architecture).deb
	[ -e "$deb" ] || {
		make_tarball
		make_deb
	}
	make_root
	build() { buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"; }
	container=$(build from scratch)
	build add --quiet "$container" "$work/root.tar" / >/dev/null
	build config --entrypoint '["/usr/bin/vfiotool"]' --cmd '["--sysroot", "/host", "list"]' --env PATH=/usr/bin \
		--label org.opencontainers.image.title=vfiotool --label "org.opencontainers.image.version=$version" \
		--label org.opencontainers.image.licenses=GPL-2.0-or-later "$container"
	rm -f "$out/$name.oci.tar"
	build commit --quiet --disable-compression=false --timestamp "$SOURCE_DATE_EPOCH" "$container" "oci-archive:$out/$name.oci.tar:vfiotool:latest" >/dev/null
	build rm "$container" >/dev/null
	"$top/packaging/sbom.py" "$work/image/var/lib/dpkg/status.d" >"$out/$name.cdx.json"
}

make_release() {
	[ -z "$(ls "$out")" ] || die "$out is not empty: a release has only what belongs together"
	make_tarball
	make_deb
	make_rpm
	make_arch
	make_image
	(cd "$out" && sha256sum -- * >"$work/sums" && mv "$work/sums" SHA256SUMS)
}

main() {
	mkdir -p "$out"
	case $1 in
	tarball) make_tarball ;;
	deb | rpm | arch)
		make_tarball
		"make_$1"
		;;
	image | release) "make_$1" ;;
	*) usage ;;
	esac
}

main "$@"
