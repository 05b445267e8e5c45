#include <pthread.h>

#include "sqlite.h"

static pthread_once_t	configured = PTHREAD_ONCE_INIT;

/* SQLite's count of the memory in use takes a lock, for all threads, with every
 * allocation; nobody here asks for it. */
static void
configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int
sqlite_open(const char *path, int flags, sqlite3 **db)
{
	(void)pthread_once(&configured, configure);
	return sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, NULL);
}
