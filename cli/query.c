/* ctim-relay query: a relay's answer about observables. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "asked.h"
#include "auth.h"
#include "buf.h"
#include "claims.h"
#include "command.h"
#include "conf.h"
#include "inprocess.h"
#include "jsonin.h"
#include "log.h"
#include "provider.h"
#include "report.h"
#include "secret.h"
#include "settings.h"
#include "text.h"

#define ANSWER_MAX	(256U << 20)	/* bytes of an answer */
#define ANSWER_VALUES	20000000	/* JSON values in it */
#define BODY_MAX	(64U << 20)	/* [server] max_body's most */
#define KEY_TEXT	65		/* of a new key, with its NUL */
#define TOKEN_SECONDS	600		/* how long a token made here is good */

static const char help_text[] =
    "The relay answers inside this process, from the same configuration and by\n"
    "the same code as behind a web server. VALUE alone may be anything whose\n"
    "type shows: an address, domain, URL, e-mail address or hash, also defanged.\n"
    "Without any, they are read from standard input, one a line.\n\n"
    "  -c, --config FILE   the configuration, instead of the usual one\n"
    "  -r, --route ROUTE   observe (unless said), deliberate, refer or health\n"
    "  -f, --file FILE     the relay's credentials, as a JSON object of claims\n"
    "  -t, --token T       a token instead; file:PATH and env:NAME keep it off\n"
    "                      the command line\n"
    "  -j, --json          the answer itself, as JSON\n"
    "  -a, --answer FILE   show this answer, received elsewhere (-: standard\n"
    "                      input), instead of asking; no RELAY then\n\n"
    "Exits with 2 when something is malicious, 1 when it failed or is incomplete,\n"
    "0 otherwise.\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "route", required_argument, NULL, 'r' },
	{ "file", required_argument, NULL, 'f' },
	{ "token", required_argument, NULL, 't' },
	{ "json", no_argument, NULL, 'j' },
	{ "answer", required_argument, NULL, 'a' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static const struct query_route {
	const char	*name, *path;
	bool		 observables;	/* it takes some */
} routes[] = {
	{ "observe", "observe/observables", true },
	{ "deliberate", "deliberate/observables", true },
	{ "refer", "refer/observables", true },
	{ "health", "health", false }
};

struct question {
	const struct command	*cmd;
	const char		*config, *route_name, *file, *token, *answer_file;
	bool			 json, help;
	const struct query_route *route;
	struct conf		*conf;
	const struct relay_conf	*relay;
	struct asked		 asked;
	struct buf		 answer;
};

static int
find_route(struct question *q)
{
	q->route = &routes[0];
	if (q->route_name == NULL)
		return CMD_OK;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].name, q->route_name) == 0) {
			q->route = &routes[i];
			return CMD_OK;
		}
	return command_usage(q->cmd, "there is no route \"%s\"; the routes are "
	    "observe, deliberate, refer and health", q->route_name);
}

static int
options(struct question *q, int argc, char **argv)
{
	int	c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:r:f:t:ja:h", long_options,
	    NULL)) != -1) {
		switch (c) {
		case 'c':
			q->config = optarg;
			break;
		case 'r':
			q->route_name = optarg;
			break;
		case 'f':
			q->file = optarg;
			break;
		case 't':
			q->token = optarg;
			break;
		case 'j':
			q->json = true;
			break;
		case 'a':
			q->answer_file = optarg;
			break;
		case 'h':
			q->help = true;
			return CMD_OK;
		default:
			return command_option(q->cmd, c, argv);
		}
	}
	if (q->file != NULL && q->token != NULL)
		return command_usage(q->cmd, "a token (-t) has its claims "
		    "already; leave -f away");
	return find_route(q);
}

static int
read_words(struct question *q, int argc, char **argv)
{
	int	status = CMD_OK;

	for (int i = 0; i < argc && status == CMD_OK; i++)
		status = asked_add(q->cmd, &q->asked, argv[i]);
	return status;
}

/* From the words after the relay, else the lines of standard input. */
static int
read_observables(struct question *q, int argc, char **argv)
{
	int	status;

	if (!q->route->observables)
		return argc == 0 ? CMD_OK : command_usage(q->cmd,
		    "the route health takes no observables");
	if (argc > 0)
		status = read_words(q, argc, argv);
	else if (isatty(STDIN_FILENO))
		return command_usage(q->cmd, "nothing to ask about");
	else
		status = asked_lines(q->cmd, &q->asked, stdin);
	if (status == CMD_OK && q->asked.n == 0)
		return command_fail(q->cmd, CMD_USAGE, "no observable was "
		    "given, so there is nothing to ask about");
	if (status == CMD_OK && q->asked.n > (size_t)q->conf->max_observables)
		return command_fail(q->cmd, CMD_FAILED, "%zu observables are "
		    "more than a request may have; ask in parts of %d (split -l"
		    " %d), or raise [server] max_observables", q->asked.n,
		    q->conf->max_observables, q->conf->max_observables);
	return status;
}

/* The token that was given: itself, env:NAME or file:PATH. */
static int
given_token(struct question *q, struct buf *token)
{
	const char	*text = q->token;

	if (strncmp(text, "file:", 5) == 0)
		return secret_read(q->cmd, text + 5, token);
	if (strncmp(text, "env:", 4) == 0 && (text = getenv(text + 4)) == NULL)
		return command_fail(q->cmd, CMD_FAILED, "%s is not in the "
		    "environment", q->token + 4);
	buf_adds(token, text);
	return CMD_OK;
}

/* A gateway without a key takes no token; here nothing leaves the process, so
 * a key that is forgotten afterwards does. */
static int
lend_key(struct question *q)
{
	char	key[KEY_TEXT];

	if (q->conf->secret_key != NULL)
		return CMD_OK;
	if (auth_new_key(key) == -1)
		return command_fail(q->cmd, CMD_FAILED,
		    "the system gave no random bytes for a key");
	q->conf->secret_key = strdup(key);
	explicit_bzero(key, sizeof(key));
	return q->conf->secret_key != NULL ? CMD_OK :
	    command_fail(q->cmd, CMD_FAILED, "no memory left");
}

static int
make_token(struct question *q, struct buf *token)
{
	struct buf	 claims;
	const char	*why = NULL;
	char		*text = NULL;
	time_t		 now;
	int		 status;

	if (q->token != NULL)
		return given_token(q, token);
	if ((status = lend_key(q)) != CMD_OK)
		return status;
	buf_init(&claims, SECRET_MAX);
	status = claims_read(q->cmd, q->file, q->relay, &claims);
	if (status == CMD_OK) {
		now = time(NULL);
		text = auth_token(claims.data, q->conf->secret_key, now,
		    now + TOKEN_SECONDS, &why);
		if (text == NULL)
			status = command_fail(q->cmd, CMD_FAILED,
			    "the token could not be made: %s", why);
		else
			buf_adds(token, text);
	}
	free(text);
	secret_free(&claims);
	return status;
}

/* What goes wrong shows here, and not in the gateway's log, where it would look
 * like the platform's doing. */
static int
log_here(struct question *q)
{
	conf_release_string(&q->conf->log_target);
	q->conf->log_target = strdup("stderr");
	q->conf->log_level = LOG_LEVEL_WARNING;
	q->conf->log_format = LOG_FORMAT_TEXT;
	if (q->conf->log_target == NULL || log_open(q->conf) == -1)
		return command_fail(q->cmd, CMD_FAILED, "no memory left");
	return CMD_OK;
}

static int
ask(struct question *q, const char *token)
{
	struct buf	 body, path;
	const char	*why;

	buf_init(&body, BODY_MAX);
	buf_init(&path, 256);
	buf_addf(&path, "/%s/%s", q->relay->name, q->route->path);
	if (q->route->observables)
		asked_body(&q->asked, &body);
	why = body.failed ? "that is more than a request may hold" :
	    inprocess_post(q->conf, path.data, token, body.data, body.len,
	    &q->answer);
	buf_free(&body);
	buf_free(&path);
	return why == NULL ? CMD_OK : command_fail(q->cmd, CMD_FAILED, "%s",
	    why);
}

static int
query_relay(struct question *q, int argc, char **argv)
{
	struct buf	token;
	int		status;

	if (argc < 1)
		return command_usage(q->cmd, "no relay named");
	if ((q->conf = settings_load(q->cmd, q->config)) == NULL)
		return CMD_CONFIG;
	if ((q->relay = settings_relay(q->cmd, q->conf, argv[0])) == NULL)
		return CMD_FAILED;
	q->asked.types = q->relay->provider->types;
	if ((status = read_observables(q, argc - 1, argv + 1)) != CMD_OK ||
	    (status = log_here(q)) != CMD_OK)
		return status;
	buf_init(&token, SECRET_MAX);
	if ((status = make_token(q, &token)) == CMD_OK)
		status = ask(q, token.data);
	secret_free(&token);
	return status;
}

static int
read_answer(struct question *q, int argc, char **argv)
{
	bool	 standard = strcmp(q->answer_file, "-") == 0;
	FILE	*f;
	char	*room;
	size_t	 n = 0;
	int	 status = read_words(q, argc, argv);

	q->asked.types = OBSERVABLE_ALL;
	if (status != CMD_OK)
		return status;
	if ((f = standard ? stdin : fopen(q->answer_file, "re")) == NULL)
		return command_fail(q->cmd, CMD_FAILED, "%s: %s",
		    q->answer_file, strerror(errno));
	while ((room = buf_room(&q->answer, BUFSIZ)) != NULL &&
	    (n = fread(room, 1, BUFSIZ, f)) > 0)
		q->answer.len += n;
	if (room != NULL)
		*room = '\0';
	else
		status = command_fail(q->cmd, CMD_FAILED, "%s is larger than "
		    "this command can hold", q->answer_file);
	if (ferror(f))
		status = command_fail(q->cmd, CMD_FAILED, "%s: %s",
		    q->answer_file, strerror(errno));
	if (!standard)
		fclose(f);
	return status;
}

static int
print_json(struct question *q, struct json_object *answer)
{
	const char	*text;

	text = json_object_to_json_string_ext(answer,
	    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
	    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text == NULL || text_print_json(stdout, text, strlen(text)) == -1)
		return command_fail(q->cmd, CMD_FAILED,
		    "the answer could not be printed");
	putchar('\n');
	return CMD_OK;
}

static int
show(struct question *q)
{
	struct json_object	*answer;
	const char		*why = NULL;
	int			 status;

	answer = jsonin_parse(q->answer.data, q->answer.len, ANSWER_VALUES,
	    &why);
	if (!json_object_is_type(answer, json_type_object)) {
		status = command_fail(q->cmd, CMD_FAILED, "the answer is no "
		    "JSON object: %s", why != NULL ? why : "something else");
		json_object_put(answer);
		return status;
	}
	status = report_status(answer);
	if (q->json && print_json(q, answer) != CMD_OK)
		status = CMD_FAILED;
	else if (!q->json)
		report_print(q->cmd, answer, &q->asked);
	json_object_put(answer);
	/* What was left out was not asked, so nobody knows. */
	return status == CMD_OK && q->asked.left_out > 0 ? CMD_FAILED : status;
}

int
cmd_query(const struct command *cmd, int argc, char **argv)
{
	struct question	q = { .cmd = cmd };
	int		status;

	if ((status = options(&q, argc, argv)) != CMD_OK)
		return status;
	if (q.help)
		return command_help(cmd, help_text);
	buf_init(&q.answer, ANSWER_MAX);
	argc -= optind;
	argv += optind;
	status = q.answer_file != NULL ? read_answer(&q, argc, argv) :
	    query_relay(&q, argc, argv);
	if (status == CMD_OK)
		status = show(&q);
	buf_free(&q.answer);
	asked_free(&q.asked);
	conf_free(q.conf);
	return status;
}
