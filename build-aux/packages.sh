# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
# The packages that ./quickstart and ./test need, by names that Debian 12 and 13
# both have, and how they come onto the machine.  Sourced by both, from the top
# of the tree.

PACKAGES_BUILD="autoconf automake pkg-config gcc make libc6-dev libfcgi-dev
	libjson-c-dev libjwt-dev libcurl4-openssl-dev libssl-dev libinih-dev
	libsqlite3-dev uuid-dev libhiredis-dev zlib1g-dev libpsl-dev
	libjq-dev libseccomp-dev libpq-dev"
PACKAGES_RUN="nginx curl ca-certificates"
PACKAGES_TEST="buildah ccache check debootstrap nginx apache2 libapache2-mod-fcgid spawn-fcgi
	python3 python3-jsonschema gcovr clang clang-format libclang-rt-dev valgrind mandoc
	curl openssl redis-server shellcheck debhelper lintian systemd chromium
	chromium-driver postgresql rpm rpmlint apache2-suexec-custom prometheus"

# packages_missing NAME …: those that are not installed.
packages_missing() {
	for package; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
		*" ok installed") ;;
		*) echo "$package" ;;
		esac
	done
}

# packages_quiet_service NAME …: web servers that came with what was installed
# just now and were started by that: nobody asked for them.
packages_quiet_service() {
	for service; do
		if [ -d /run/systemd/system ]; then
			$sudo systemctl disable --now "$service" \
			    >/dev/null 2>&1 || :
		elif [ -x "/etc/init.d/$service" ]; then
			$sudo "/etc/init.d/$service" stop >/dev/null 2>&1 || :
		fi
	done
}

# packages_want NAME …: installs what is missing; nothing is asked, and nothing
# is done, not even online, when all is there.
packages_want() {
	if ! command -v dpkg-query >/dev/null 2>&1; then
		echo "This machine has no dpkg: install what these Debian" \
		    "packages hold yourself:" "$@" >&2
		return 0
	fi
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	# shellcheck disable=SC2086 # a list of words
	set -- $missing
	sudo=
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null 2>&1; then
			echo "Please install, as root:" >&2
			echo "    apt-get install --no-install-recommends $*" >&2
			return 1
		fi
		sudo=sudo
	fi
	services=
	for package; do
		case $package in
		nginx | apache2 | redis-server | postgresql | prometheus) services="$services $package" ;;
		esac
	done
	echo "Installing with apt: $*"
	# RUNLEVEL=1 keeps init scripts from starting what they install.
	if ! packages_apt install "$@"; then
		if ! packages_apt update || ! packages_apt install "$@"; then
			echo "apt-get could not install: $*" >&2
			echo "Is the network there, and /etc/apt in order?" >&2
			return 1
		fi
	fi
	# shellcheck disable=SC2086
	packages_quiet_service $services
}

# packages_apt update | packages_apt install NAME …
packages_apt() {
	command=$1
	shift
	[ "$command" = update ] || set -- -y --no-install-recommends "$@"
	# stdin stays out of it: no question can be asked.
	$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
	    apt-get -q "$command" "$@" </dev/null >"$packages_log" 2>&1 || {
		tail -n 5 "$packages_log" >&2
		return 1
	}
}

# Where apt's own words go.
packages_log=${TMPDIR:-/tmp}/ctim-relay-apt.$$.log
