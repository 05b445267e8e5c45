#include <sys/stat.h>

#include <pthread.h>

#include "db/sqlite.h"

static pthread_once_t configured = PTHREAD_ONCE_INIT;

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

/*
 * SQLite compares the file that it has open with the one that has the name by
 * which it found it, links followed at the time.  So what was replaced at any
 * moment since is noticed; whether path leads to that name still, it cannot
 * know.
 */
bool
sqlite_moved(sqlite3 *db, const char *path)
{
	const char *found = sqlite3_db_filename(db, "main");
	struct stat named, opened;
	int moved = 1;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) !=
		SQLITE_OK ||
	    moved != 0)
		return true;
	return stat(path, &named) == -1 || stat(found, &opened) == -1 ||
	    named.st_dev != opened.st_dev || named.st_ino != opened.st_ino;
}
