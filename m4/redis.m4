dnl SPDX-License-Identifier: MIT
# CTIM_REDIS: whether ctim-relay-redis.so, by which a cache is a Redis server, is
# built: with hiredis there, unless --without-redis.
AC_DEFUN([CTIM_REDIS],
[AC_ARG_WITH([redis],
  [AS_HELP_STRING([--without-redis], [leave out the cache in a Redis server, which needs hiredis])],
  [], [with_redis=check])
AS_IF([test "x$with_redis" != xno],
  [PKG_CHECK_MODULES([HIREDIS], [hiredis >= 0.14], [with_redis=yes],
    [test "x$with_redis" != xyes ||
       AC_MSG_ERROR([--with-redis: hiredis is not there])
     with_redis=no
     AC_MSG_NOTICE([hiredis is not there: no cache in a Redis server])])])
AS_IF([test "x$with_redis" = xyes], [REDIS_CPPFLAGS=-DCTIM_REDIS])
AC_SUBST([REDIS_CPPFLAGS])
AM_CONDITIONAL([REDIS], [test "x$with_redis" = xyes])])
