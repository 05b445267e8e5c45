dnl SPDX-License-Identifier: MIT
# CTIM_MAP: whether ctim-relay-map, which runs the programs of described
# providers, is built: with libjq and libseccomp there, unless --without-map.
# Debian's libjq 1.6 has no file for pkg-config.
AC_DEFUN([CTIM_MAP],
[AC_ARG_WITH([map],
  [AS_HELP_STRING([--without-map], [leave out ctim-relay-map, without which there are no described providers; it needs libjq and libseccomp])],
  [], [with_map=check])
AS_IF([test "x$with_map" != xno],
  [PKG_CHECK_MODULES([JQ], [libjq >= 1.6], [have_jq=yes],
     [have_jq=no
      AC_CHECK_HEADER([jq.h],
        [AC_CHECK_LIB([jq], [jq_set_nomem_handler], [have_jq=yes; JQ_LIBS=-ljq])])])
   PKG_CHECK_MODULES([SECCOMP], [libseccomp >= 2.5], [have_seccomp=yes], [have_seccomp=no])
   AS_IF([test "$have_jq$have_seccomp" = yesyes], [with_map=yes],
     [test "x$with_map" = xyes],
     [AC_MSG_ERROR([--with-map: libjq or libseccomp is not there])],
     [with_map=no
      AC_MSG_NOTICE([libjq or libseccomp is not there: no described providers])])])
AS_IF([test "x$with_map" = xyes], [MAP_CPPFLAGS=-DCTIM_MAP])
AC_SUBST([JQ_CFLAGS])
AC_SUBST([JQ_LIBS])
AC_SUBST([MAP_CPPFLAGS])
AM_CONDITIONAL([MAP], [test "x$with_map" = xyes])])
