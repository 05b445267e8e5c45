/*
 * flight_sign: the token of services that want us to sign in first.
 */
#ifndef CTIM_FLIGHT_SIGN_H
#define CTIM_FLIGHT_SIGN_H

#include <stdbool.h>
#include <stdint.h>

struct flight;
struct run;

/* Whether the flight has the token that it needs, or needs none; else it is
 * timed until there is one, for which somebody signs in. */
bool	flight_sign(struct run *, struct flight *, int64_t now);
/* The call that signs in is over: those who wait for it go on, or fail like
 * it. */
void	flight_signed_in(struct run *, struct flight *);
/* It ends without that: others may sign in. */
void	flight_sign_off(struct run *, const struct flight *);

#endif
