# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# A tree in which nobody has run ./configure, for ./quickstart and ./test, which
# build in folders of their own: automake refuses that where it is built in
# place, and make would take the objects that are there for its own.  Sourced by
# both, from the top of the tree.

# tree_copy FOLDER: does nothing, and fails, when the tree is not configured in
# place.  Else its sources are in FOLDER/source afterwards; what is built there
# stays from one time to the next, and the tree is left as it is.
tree_copy() {
	[ -e config.status ] || return 1
	echo "This tree is configured in place; a copy of it is used, $1/source"
	mkdir -p "$1/source"
	find "$1/source" -mindepth 1 -maxdepth 1 ! -name build \
	    ! -name build-test -exec rm -rf {} +
	tar -cf - --exclude=./.git --exclude=./build --exclude=./build-test \
	    --exclude=./autom4te.cache . | tar -xf - -C "$1/source" || exit 1
	# The Makefile knows what was made there, but not that it was moved.
	if [ -e "$1/source/Makefile" ]; then
		make -s -C "$1/source" distclean >/dev/null 2>&1 || :
	fi
	rm -f "$1/source/config.status" "$1/source/Makefile"
}
