/*
 * local: the relay that answers from the indicators on this machine.
 */
#ifndef CTIM_LOCAL_H
#define CTIM_LOCAL_H

/* Its own keys, as they lie behind relay_conf.own. */
struct local_conf {
	char *store; /* path of the SQLite file */
};

/* Where the store is unless the configuration says otherwise. */
#define LOCAL_STORE CTIM_LOCALSTATEDIR "/lib/ctim-relay/intel.db"

#endif
