dnl SPDX-License-Identifier: MIT
# CTIM_PGSQL: whether ctim-relay-pgsql.so, by which a store is in PostgreSQL, is
# built: with libpq there, unless --without-pgsql.
AC_DEFUN([CTIM_PGSQL],
[AC_ARG_WITH([pgsql],
  [AS_HELP_STRING([--without-pgsql], [leave out stores in PostgreSQL, which need libpq])],
  [], [with_pgsql=check])
AS_IF([test "x$with_pgsql" != xno],
  [PKG_CHECK_MODULES([PQ], [libpq >= 13], [with_pgsql=yes],
    [test "x$with_pgsql" != xyes ||
       AC_MSG_ERROR([--with-pgsql: libpq is not there])
     with_pgsql=no
     AC_MSG_NOTICE([libpq is not there: no stores in PostgreSQL])])])
AS_IF([test "x$with_pgsql" = xyes], [PGSQL_CPPFLAGS=-DCTIM_PGSQL])
AC_SUBST([PGSQL_CPPFLAGS])
AM_CONDITIONAL([PGSQL], [test "x$with_pgsql" = xyes])])
