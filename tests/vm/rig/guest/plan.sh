# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What a guest does to judge a plan: every command is executed as it is printed, the prober says after each step what the
# kernel refuses now, and what is undone in reverse order must leave the first state. /scenario/env sets PLANS, the paths.

# steps_of FILE: /out/step.N.KEY for what the N-th step of the first plan has of texts: do, scope, what, command, undo, user.
steps_of() {
	rm -f /out/step.*
	awk '
		/^      "steps": \[/ { inside = 1; next }
		inside && /^      \]/ { exit }
		inside && /^        \{/ { step++ }
		inside && /^          "[a-z]+": "/ {
			key = $1
			gsub(/[":]/, "", key)
			sub(/^ *"[a-z]+": "/, "")
			sub(/",?$/, "")
			count = split($0, part, /\\\\/)
			text = ""
			for (i = 1; i <= count; i++) {
				gsub(/\\"/, "\"", part[i])
				gsub(/\\n/, "\n", part[i])
				gsub(/\\t/, "\t", part[i])
				text = text (i > 1 ? "\\" : "") part[i]
			}
			print text > ("/out/step." step "." key)
		}' "$1"
}

# as_root COMMAND: in a shell of its own, which prefers its applets to what PATH finds: modprobe must be kmod's.
as_root() {
	timeout -s KILL 120 sh -c "modprobe() { /sbin/modprobe \"\$@\"; }
$1"
}

# met NAME: what the prober meets on this path, for a caller who did what the plan has for him, and logged in again.
met() {
	limit=$(sed -n 's/.* memlock \([0-9]*\)$/\1/p' /etc/security/limits.d/*.conf 2>/dev/null)
	# shellcheck disable=SC2086
	step "plan.$path.$1" prober $CALLER ${limit:+--memlock $((limit * 1024))} run \
		sh -c "$granted exec prober $PROBE ${path%%+*} $TARGET"
}

# done_by_person N: what the plan leaves to a person, where a script can do it. What cannot be taken back waits for a boot in
# which nothing else is judged.
done_by_person() {
	[ -n "$AFTER" ] || return
	read -r what <"/out/step.$1.what"
	case $what in
	"end process "*)
		what=${what#end process }
		what=${what%% *}
		# Nobody may wait for it; without a program it holds nothing.
		lasting=yes
		kill "$what" && within 2 not test -e "/proc/$what/exe"
		;;
	*) return 1 ;;
	esac
}

# execute N: one step; false when it has to be done elsewhere: by another boot, or another machine.
execute() {
	read -r scope <"/out/step.$1.scope"
	user=root
	[ ! -e "/out/step.$1.user" ] || read -r user <"/out/step.$1.user"
	if [ ! -e "/out/step.$1.command" ]; then
		done_by_person "$1" || return
	elif [ "$user" = user ]; then
		granted="$granted $(cat "/out/step.$1.command");"
	else
		step "plan.$path.$1.command" as_root "$(cat "/out/step.$1.command")"
	fi
	case $scope in
	now | module | service) ;;
	*) return 1 ;;
	esac
}

# undo N: the first N steps, the last one first.
undo() {
	granted=
	while [ "$1" -gt 0 ]; do
		[ ! -e "/out/step.$1.undo" ] || grep -qx user "/out/step.$1.user" ||
			step "plan.$path.$1.undo" as_root "$(cat "/out/step.$1.undo")"
		set -- $(($1 - 1))
	done
}

# What a step of the plan before this one began has an end: drivers that came with it.
steady() {
	begin_here
	sleep 1
	same_state
}

# asked_plan OPTION: the plan, for the caller himself or, with ASKER, by root for another.
asked_plan() {
	if [ -n "$ASKER" ]; then
		# shellcheck disable=SC2086
		vfiotool plan "$1" $ASKER --path "${path%%+*}" "$TARGET"
	else
		# shellcheck disable=SC2086
		prober $CALLER run vfiotool plan "$1" --path "${path%%+*}" "$TARGET"
	fi
}

# by_script N: the N steps again, as the script that the plan prints.
by_script() {
	step "plan.$path.print" asked_plan --script
	step "plan.$path.script" as_root "$(cat "/spool/plan.$path.print.out")"
	met scripted
	undo "$1"
	within 5 same_state || diff /out/state.first /out/state >>"/spool/plan.$path.state"
}

# judge_plan PATH: the plan that follows one in the same boot has a '+' behind it.
judge_plan() {
	path=$1 granted='' lasting=''
	# For the state.
	export STATE_MODULES=yes
	case $path in
	*+) within 20 steady ;;
	*) begin_here ;;
	esac
	met first
	# shellcheck disable=SC2086
	step "plan.$path" asked_plan --json
	[ ! -e "/spool/plan.$path.out" ] || steps_of "/spool/plan.$path.out"
	at=1 last=0
	while [ -e "/out/step.$at.do" ]; do
		grep -qx plan "/out/step.$at.do" && {
			met again
			judge_plan "$path+"
			return
		}
		execute $at || break
		met $at
		last=$at
		at=$((at + 1))
	done
	if [ -e "/out/step.$at.do" ]; then
		# The next boot needs the settings, and the command line that the boot loader makes of them.
		[ ! -e "/out/step.$at.command" ] || last=$at
		cp -r /etc/default /boot/initramfs/etc
		tar -c -C /boot/initramfs -f "/spool/plan.$path.kept" etc
		cat /boot/cmdline >"/spool/plan.$path.cmdline"
	fi
	undo $last
	# What a process had done nobody does again.
	if [ -n "$lasting" ]; then
		same_state
	else
		within 5 same_state
	fi || diff /out/state.first /out/state >"/spool/plan.$path.state"
	met again
	[ -z "$SCRIPT" ] || [ -e "/out/step.$at.do" ] || by_script $last
}
