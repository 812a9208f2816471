# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
ONE=0000:00:04.0 OTHER=0000:00:06.0 FIRST=0000:00:05.0 SECOND=0000:00:05.1
PATHS=container
[ -z "$SMALL" ] || PATHS="container compat iommufd"

for path in $PATHS; do
	agree "two-groups.$path" "$path" $ONE $OTHER
	agree "one-group.$path" "$path" $FIRST $SECOND
	agree "four.$path" "$path" $FIRST $ONE $SECOND $OTHER
done

# A group that somebody has open: by its node, and where there is one, by the device's own.
prober hold-group $FIRST >/dev/null
check "the group is held" not no_holder
for path in $PATHS; do
	agree "held-self.$path" "$path" $FIRST
	agree "held-sibling.$path" "$path" $SECOND
	agree "held-with.$path" "$path" $ONE $SECOND
done
# shellcheck disable=SC2046
kill -KILL $(pidof prober)
check "and let go" within 5 no_holder
if [ -n "$SMALL" ]; then
	prober --hold iommufd $FIRST >/dev/null
	for path in $PATHS; do
		agree "cdev-self.$path" "$path" $FIRST
		agree "cdev-sibling.$path" "$path" $SECOND
	done
	# shellcheck disable=SC2046
	kill -KILL $(pidof prober)
	check "the device's node is let go" within 5 no_holder
fi
