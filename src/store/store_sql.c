/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "store/store_sql.h"

_Static_assert(SQL_STATEMENTS <= SQL_MOST, "room for them");

/*
 * Format 1, of ctim-relay 0.1.  A value is listed once by each source.  bits is
 * the prefix length of a network, NULL for all else, so that the partial index
 * holds the networks alone.
 */
#define TABLES_1                                                           \
	"CREATE TABLE source("                                             \
	" id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"              \
	" title TEXT NOT NULL, url TEXT, subdomains INTEGER NOT NULL,"     \
	" imported INTEGER NOT NULL, run INTEGER NOT NULL);"               \
	"CREATE TABLE indicator("                                          \
	" value TEXT NOT NULL, type INTEGER NOT NULL,"                     \
	" source INTEGER NOT NULL REFERENCES source(id),"                  \
	" disposition INTEGER NOT NULL, severity INTEGER NOT NULL,"        \
	" confidence INTEGER NOT NULL, tlp INTEGER NOT NULL,"              \
	" priority INTEGER NOT NULL, reason TEXT,"                         \
	" first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"        \
	" count INTEGER NOT NULL, expires INTEGER NOT NULL,"               \
	" imported INTEGER NOT NULL, run INTEGER NOT NULL, bits INTEGER,"  \
	" PRIMARY KEY(value, type, source)) WITHOUT ROWID;"                \
	"CREATE INDEX network ON indicator(type, bits) WHERE bits IS NOT " \
	"NULL;"

/*
 * Format 2.  The number of a source's last import is called differently, so
 * that programs of 0.1 that have the store open fail instead of answering
 * without `below` and `url`: they read the sources again after every change.
 * tally and expiry count what indicator holds; matched and matched_value name
 * the source, because a match outlives its source.
 */
#define TABLES_2                                                             \
	"ALTER TABLE source RENAME COLUMN run TO import;"                    \
	"ALTER TABLE source ADD COLUMN feed TEXT;"                           \
	"ALTER TABLE source ADD COLUMN header TEXT;"                         \
	"ALTER TABLE source ADD COLUMN options TEXT;"                        \
	"ALTER TABLE source ADD COLUMN etag TEXT;"                           \
	"ALTER TABLE source ADD COLUMN modified TEXT;"                       \
	"ALTER TABLE source ADD COLUMN checked INTEGER NOT NULL DEFAULT 0;"  \
	"ALTER TABLE source ADD COLUMN below INTEGER NOT NULL DEFAULT 0;"    \
	"ALTER TABLE indicator ADD COLUMN url TEXT;"                         \
	"ALTER TABLE indicator ADD COLUMN below INTEGER NOT NULL DEFAULT "   \
	"0;"                                                                 \
	"CREATE TABLE tally("                                                \
	" source INTEGER NOT NULL, type INTEGER NOT NULL,"                   \
	" disposition INTEGER NOT NULL, n INTEGER NOT NULL,"                 \
	" PRIMARY KEY(source, type, disposition)) WITHOUT ROWID;"            \
	"CREATE TABLE expiry("                                               \
	" source INTEGER NOT NULL, hour INTEGER NOT NULL,"                   \
	" n INTEGER NOT NULL, PRIMARY KEY(source, hour)) WITHOUT ROWID;"     \
	"CREATE TABLE action("                                               \
	" id INTEGER PRIMARY KEY, at INTEGER NOT NULL, relay TEXT NOT NULL," \
	" who TEXT NOT NULL, action TEXT NOT NULL, type INTEGER NOT NULL,"   \
	" value TEXT NOT NULL, status TEXT NOT NULL, reason TEXT);"          \
	"CREATE TABLE matched("                                              \
	" hour INTEGER NOT NULL, source TEXT NOT NULL,"                      \
	" disposition INTEGER NOT NULL, n INTEGER NOT NULL,"                 \
	" PRIMARY KEY(hour, source, disposition)) WITHOUT ROWID;"            \
	"CREATE TABLE matched_value("                                        \
	" day INTEGER NOT NULL, type INTEGER NOT NULL, value TEXT NOT NULL," \
	" source TEXT NOT NULL, n INTEGER NOT NULL,"                         \
	" PRIMARY KEY(day, type, value, source)) WITHOUT ROWID;"             \
	"CREATE TABLE meta("                                                 \
	" name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"        \
	"INSERT INTO meta VALUES('writer', '" CTIM_VERSION "');"             \
	"INSERT INTO meta VALUES('networks', random());"

/* What each format added, one after another: a new store comes the same way as
 * an upgraded one, so that they cannot differ. */
const char store_sql_schema[] = TABLES_1 TABLES_2;
const char store_sql_upgrade[] = TABLES_2 "PRAGMA user_version = 2";
const char store_sql_writer[] = "SELECT value FROM meta WHERE name = 'writer'";

#define RECORD                                             \
	"source, disposition, severity, confidence, tlp, " \
	"priority, reason, first_seen, last_seen, count, expires, imported"

#define ROW_IS "value = ?1 AND type = ?2 AND source = ?3"

/* The statements that read records, with their columns.  What a look-up asks
 * for it knows. */
#define READING(columns)                                              \
	[SQL_VERSION] = "PRAGMA data_version",                        \
	[SQL_NETWORKS] = "SELECT type, value FROM indicator"          \
			 " WHERE bits IS NOT NULL",                   \
	[SQL_NETWORKS_COUNT] = "SELECT count(*) FROM indicator"       \
			       " WHERE bits IS NOT NULL",             \
	[SQL_MATCH] = "SELECT " columns " FROM indicator"             \
		      " WHERE value = ?1 AND type = ?2",              \
	[SQL_LIST] = "SELECT " columns ", value, type FROM indicator" \
		     " WHERE (?1 IS NULL OR source = ?1)"             \
		     " AND (?2 IS NULL OR type = ?2)"                 \
		     " ORDER BY value, type, source LIMIT ?3",        \
	[SQL_COUNT] = "SELECT source, type, disposition, expires"     \
		      " FROM indicator"

static const char *const store_sql_1[SQL_STATEMENTS] = {
	READING(RECORD ", NULL, 0"),
	[SQL_NETWORKS_STATE] = "SELECT random()", /* not known: read them */
	[SQL_SOURCES] = "SELECT id, name, title, url, NULL, NULL, NULL, NULL,"
			" NULL, subdomains, 0, imported, run, 0"
			" FROM source ORDER BY id",
	[SQL_ACTIONS] = "SELECT 1 WHERE 0 AND ?1 + ?2 + ?3 + ?4",
};

static const char *const store_sql_2[SQL_STATEMENTS] = {
	READING(RECORD ", url, below"),
	/* Another number whenever networks were added or removed. */
	[SQL_NETWORKS_STATE] =
	    "SELECT coalesce((SELECT value FROM meta WHERE name = 'networks'),"
	    " random())",
	[SQL_SOURCES] =
	    "SELECT id, name, title, url, feed, header, options, etag,"
	    " modified, subdomains, below, imported, import, checked"
	    " FROM source ORDER BY id",
	[SQL_ACTIONS] =
	    "SELECT id, at, relay, who, action, type, value, status, reason"
	    " FROM action WHERE at >= ?1 AND (?2 IS NULL OR type = ?2)"
	    " AND (?3 IS NULL OR value = ?3) ORDER BY id DESC LIMIT ?4",
	[SQL_TALLIES] = "SELECT source, type, disposition, n FROM tally",
	[SQL_EXPIRIES] = "SELECT source, sum(n) FROM expiry WHERE hour <= ?1"
			 " GROUP BY source",
	[SQL_EXPIRING] = "SELECT 1 FROM expiry WHERE hour = ?1",
	[SQL_EXPIRED] = "SELECT source, count(*) FROM indicator"
			" WHERE expires > ?1 AND expires <= ?2 GROUP BY source",
	[SQL_EXPIRED_IN] = "SELECT coalesce(sum(n), 0) FROM expiry"
			   " WHERE hour > ?1 AND hour <= ?2",
	/* Of so many rows at most, however long the audit is. */
	[SQL_ACTED] = "SELECT coalesce(sum(status = 'success'), 0), count(*)"
		      " FROM (SELECT at, status FROM action"
		      " ORDER BY id DESC LIMIT ?2) WHERE at >= ?1",
	[SQL_LAST_ACTIONS] =
	    "SELECT at, who, action, type, value, status, reason"
	    " FROM (SELECT * FROM action ORDER BY id DESC LIMIT ?2)"
	    " WHERE at >= ?1 ORDER BY id DESC LIMIT ?3",
	/* The sums of so many hours each. */
	[SQL_MATCHES] = "SELECT hour / ?2, disposition, sum(n) FROM matched"
			" WHERE hour >= ?1 GROUP BY hour / ?2, disposition",
	[SQL_TOP_MATCHES] =
	    "SELECT type, value, group_concat(DISTINCT source), sum(n)"
	    " FROM matched_value WHERE day >= ?1 AND value <> ''"
	    " GROUP BY type, value ORDER BY sum(n) DESC, value LIMIT ?2",
	[SQL_OTHER_MATCHES] = "SELECT coalesce(sum(n), 0) FROM matched_value"
			      " WHERE day >= ?1 AND value = ''",
	[SQL_MATCHED_ROWS] = "SELECT count(*) FROM matched_value"
			     " WHERE day = ?1 AND value <> ''",
	[SQL_SOURCE_ADD] = "INSERT INTO source(name, title, subdomains,"
			   " imported, import) VALUES(?1, ?1, 0, 0, 0)"
			   " RETURNING id",
	[SQL_SOURCE_SET] =
	    "UPDATE source SET title = ?2, url = ?3, feed = ?4, header = ?5,"
	    " options = ?6, etag = ?7, modified = ?8, subdomains = ?9,"
	    " checked = ?10, below = ?11, imported = ?12, import = ?13"
	    " WHERE id = ?1",
	[SQL_SOURCE_REMOVE] = "DELETE FROM source WHERE id = ?1",
	[SQL_ADD] = "INSERT INTO indicator(value, type, " RECORD
		    ", run, url, below, bits)"
		    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
		    " ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
		    " ON CONFLICT DO NOTHING",
	[SQL_TOUCH] =
	    "UPDATE indicator SET imported = ?14, run = ?15 WHERE " ROW_IS
	    " AND disposition = ?4 AND severity = ?5 AND confidence = ?6"
	    " AND tlp = ?7 AND priority = ?8 AND reason IS ?9"
	    " AND first_seen = ?10 AND last_seen = ?11 AND count = ?12"
	    " AND expires = ?13 AND url IS ?16 AND below = ?17",
	[SQL_OLD] = "SELECT disposition, expires FROM indicator WHERE " ROW_IS,
	/* A feed that lists a value twice keeps the reason and the reference
	 * that it gave once, and one with all below it keeps that. */
	[SQL_CHANGE] =
	    "UPDATE indicator SET disposition = ?4, severity = ?5,"
	    " confidence = ?6, tlp = ?7, priority = ?8, reason ="
	    " CASE run WHEN ?15 THEN coalesce(?9, reason) ELSE ?9 END,"
	    " first_seen = ?10, last_seen = ?11, count = ?12, expires = ?13,"
	    " imported = ?14, url ="
	    " CASE run WHEN ?15 THEN coalesce(?16, url) ELSE ?16 END, below ="
	    " CASE run WHEN ?15 THEN max(?17, below) ELSE ?17 END, run = ?15"
	    " WHERE " ROW_IS,
	[SQL_FORMER] = "SELECT type, disposition, expires, bits"
		       " FROM indicator WHERE source = ?1 AND run <> ?2",
	[SQL_REPLACED] = "DELETE FROM indicator WHERE source = ?1"
			 " AND run <> ?2",
	[SQL_REMOVE] = "DELETE FROM indicator WHERE value = ?1 AND type = ?2"
		       " AND (?3 IS NULL OR source = ?3)"
		       " RETURNING source, disposition, expires, bits",
	[SQL_REMOVE_SOURCE] = "DELETE FROM indicator WHERE source = ?1",
	[SQL_NETWORKS_CHANGED] =
	    "INSERT OR REPLACE INTO meta VALUES('networks', random())",
	[SQL_REMOVE_TALLY] = "DELETE FROM tally WHERE source = ?1",
	[SQL_REMOVE_EXPIRY] = "DELETE FROM expiry WHERE source = ?1",
	[SQL_TALLY] = "INSERT INTO tally VALUES(?1, ?2, ?3, ?4)"
		      " ON CONFLICT DO UPDATE SET n = n + excluded.n",
	[SQL_TALLY_NONE] = "DELETE FROM tally WHERE source = ?1 AND type = ?2"
			   " AND disposition = ?3 AND n = 0",
	[SQL_EXPIRY] = "INSERT INTO expiry VALUES(?1, ?2, ?3)"
		       " ON CONFLICT DO UPDATE SET n = n + excluded.n",
	[SQL_EXPIRY_NONE] = "DELETE FROM expiry WHERE source = ?1"
			    " AND hour = ?2 AND n = 0",
	[SQL_ACTION_ADD] =
	    "INSERT INTO action(relay, action, type, value, at, who, status,"
	    " reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	/* Of so many at most, however long the audit is. */
	[SQL_ACTION_LAST] =
	    "SELECT action, status, reason FROM action WHERE id >"
	    " (SELECT max(id) - 20000 FROM action) AND relay = ?1"
	    " AND type = ?3 AND value = ?4 AND at >= ?5"
	    " ORDER BY id DESC LIMIT 1",
	[SQL_MATCHED] = "INSERT INTO matched VALUES(?1, ?2, ?3, ?4)"
			" ON CONFLICT DO UPDATE SET n = n + excluded.n",
	[SQL_MATCHED_VALUE] =
	    "INSERT INTO matched_value VALUES(?1, ?3, ?5, ?2, ?4)"
	    " ON CONFLICT DO UPDATE SET n = n + excluded.n",
	[SQL_MATCHED_OLD] = "DELETE FROM matched WHERE hour < ?1",
	[SQL_MATCHED_VALUE_OLD] = "DELETE FROM matched_value WHERE day < ?1",
	/* What a day keeps no longer is first counted as its others. */
	[SQL_MATCHED_OTHERS] =
	    "INSERT INTO matched_value SELECT ?1, -1, '', '', sum(n)"
	    " FROM (SELECT n FROM matched_value WHERE day = ?1 AND value <> ''"
	    " ORDER BY n DESC, type, value, source LIMIT -1 OFFSET ?2)"
	    " WHERE true ON CONFLICT DO UPDATE SET n = n + excluded.n",
	[SQL_MATCHED_CUT] =
	    "DELETE FROM matched_value WHERE day = ?1 AND (type, value, source)"
	    " IN (SELECT type, value, source FROM matched_value"
	    " WHERE day = ?1 AND value <> ''"
	    " ORDER BY n DESC, type, value, source LIMIT -1 OFFSET ?2)",
};

const char *const *
store_sql(int64_t format)
{
	static const char *const *const formats[STORE_FORMAT + 1] = {
		[1] = store_sql_1, [2] = store_sql_2
	};

	return format < 0 || format > STORE_FORMAT ? NULL : formats[format];
}
