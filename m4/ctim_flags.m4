dnl SPDX-License-Identifier: MIT
# CTIM_ADD_FLAG(VARIABLE, FLAG, WHICH)
# Adds FLAG to VARIABLE when the compiler (WHICH = compile) or the linker (link)
# takes it without a warning.
AC_DEFUN([CTIM_ADD_FLAG],
[AC_MSG_CHECKING([whether $CC takes $2])
ctim_save_cflags=$CFLAGS
ctim_save_cppflags=$CPPFLAGS
CFLAGS="$CFLAGS -Werror $2"
# FORTIFY_SOURCE needs optimisation, whatever CFLAGS say today.
CPPFLAGS="-O2"
m4_if([$3], [link],
  [AC_LINK_IFELSE([AC_LANG_PROGRAM()], [ctim_ok=yes], [ctim_ok=no])],
  [AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [ctim_ok=yes], [ctim_ok=no])])
CFLAGS=$ctim_save_cflags
CPPFLAGS=$ctim_save_cppflags
AC_MSG_RESULT([$ctim_ok])
AS_IF([test "x$ctim_ok" = xyes], [$1="$$1 $2"])
])

# CTIM_WARNINGS: the warnings that our own code is free of, in WARN_CFLAGS.
AC_DEFUN([CTIM_WARNINGS],
[m4_foreach_w([ctim_flag], [-Wall -Wextra -Wshadow -Wconversion
  -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings
  -Wformat=2 -Wvla], [CTIM_ADD_FLAG([WARN_CFLAGS], ctim_flag, [compile])])
AC_SUBST([WARN_CFLAGS])])

# CTIM_HARDENING: what the toolchain has against memory errors, in HARD_CFLAGS
# and HARD_LDFLAGS; of that, what is for programs alone in PIE_CFLAGS and
# PIE_LDFLAGS, for shared objects alone in OBJECT_LDFLAGS.
AC_DEFUN([CTIM_HARDENING],
[m4_foreach_w([ctim_flag], [-fstack-protector-strong -fstack-clash-protection
  -fcf-protection], [CTIM_ADD_FLAG([HARD_CFLAGS], ctim_flag, [compile])])
CTIM_ADD_FLAG([PIE_CFLAGS], [-fPIE], [compile])
CTIM_ADD_FLAG([HARD_CFLAGS], [-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3], [compile])
CTIM_ADD_FLAG([PIE_LDFLAGS], [-pie], [link])
CTIM_ADD_FLAG([HARD_LDFLAGS], [-Wl,-z,relro,-z,now], [link])
CTIM_ADD_FLAG([HARD_LDFLAGS], [-Wl,-z,noexecstack], [link])
CTIM_ADD_FLAG([OBJECT_LDFLAGS], [-Wl,-z,defs], [link])
AC_SUBST([HARD_CFLAGS])
AC_SUBST([HARD_LDFLAGS])])
