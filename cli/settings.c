#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "command.h"
#include "conf.h"
#include "settings.h"
#include "text.h"

static void
print_error(void *arg, bool error, const char *line)
{
	(void)arg;
	if (!error)
		return;
	(void)text_print(stderr, line);
	putc('\n', stderr);
}

struct conf *
settings_load(const struct command *cmd, const char *file)
{
	struct conf	*conf = conf_load(file, print_error, NULL);

	if (conf == NULL)
		(void)command_fail(cmd, CMD_CONFIG, "the configuration cannot "
		    "be used as it is; \"ctim-relay check\" tries it again");
	return conf;
}

struct conf *
settings_default(const struct command *cmd)
{
	struct conf	*conf = conf_default();

	if (conf == NULL)
		(void)command_fail(cmd, CMD_FAILED, "no memory left");
	return conf;
}

const struct relay_conf *
settings_relay(const struct command *cmd, const struct conf *conf,
    const char *name)
{
	const struct relay_conf	*relay = conf_relay(conf, name, strlen(name));

	if (relay != NULL)
		return relay;
	(void)command_fail(cmd, CMD_FAILED, "%s has no relay \"%s\"",
	    conf->file, name);
	if (conf->relays == NULL) {
		fprintf(stderr, "It has none at all; a line \"[relay local]\" "
		    "is enough for one.\n");
		return NULL;
	}
	fprintf(stderr, "Relays:");
	for (relay = conf->relays; relay != NULL; relay = relay->next)
		fprintf(stderr, " %s", relay->name);
	fprintf(stderr, "\n");
	return NULL;
}

bool
settings_lists(const struct conf *conf, const char *host)
{
	char	**listed = conf == NULL ? NULL : conf->jwks_hosts;

	for (; listed != NULL && *listed != NULL; listed++)
		if (strcasecmp(*listed, host) == 0)
			return true;
	return false;
}
