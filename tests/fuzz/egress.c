/* SPDX-License-Identifier: MIT */
/* A value of any type that [egress] looks at, the type in its first byte. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "conf/conf_patterns.h"
#include "ctim/observable.h"
#include "egress/egress.h"
#include "net/nameset.h"
#include "net/netset.h"
#include "tests/fuzz/fuzz.h"

static struct conf conf;

static void
begin(void)
{
	char why[CONF_PATTERN_WHY];

	conf.egress = (struct conf_egress){ .networks = netset_new(),
		.domains = nameset_new(),
		.patterns = conf_patterns_new(),
		.private = true };
	HOLDS(netset_add(conf.egress.networks, "198.51.100.0/24") == 0 &&
	    nameset_add(conf.egress.domains, "corp.example") == 0 &&
	    conf_patterns_add(conf.egress.patterns, "srv-[0-9]{2}", why) == 0);
}

/* Whether a value leaves that begins and ends so. */
static bool
leaves(enum observable_type type, const char *before, const char *value,
    const char *behind)
{
	struct observable o = { .type = type };
	struct buf b;
	bool may;

	buf_init(&b, 1U << 20);
	HOLDS(buf_adds(&b, before) == 0 && buf_adds(&b, value) == 0 &&
	    buf_adds(&b, behind) == 0);
	o.value = b.data;
	may = egress_may(&conf, &o);
	buf_free(&b);
	return may;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum observable_type type;
	char *value;

	if (size < 2 || size > 65536 || data[1] == '\0')
		return 0;
	if (conf.egress.networks == NULL)
		begin();
	type = (enum observable_type)(data[0] % OBSERVABLE_TYPES);
	HOLDS((value = calloc(1, size)) != NULL);
	memcpy(value, data + 1, size - 1);
	(void)leaves(type, "", value, "");
	/* Nothing before or behind a name hides it. */
	HOLDS(!leaves(type, "http://x.corp.example/", value, ""));
	HOLDS(!leaves(type, "", value, "@Corp.Example"));
	HOLDS(!leaves(type, "http://10.1.2.3/", value, ""));
	free(value);
	return 0;
}
