/*
 * otx: what the parts of the provider share: the calls and what is kept of the
 * answers (otx.c), and what is written of that (otx_write.c).
 */
#ifndef CTIM_OTX_H
#define CTIM_OTX_H

#include "provider.h"

#define OTX_NAME	"AlienVault OTX"

struct otx_conf {
	char	*url;
};

/* The result of a call, NULL for nothing. */
enum otx_step {
	OTX_HEALTH,
	OTX_GENERAL,	/* {"pulses": [{"id", "name", "description", "TLP",
			 * "tags", "author": its name, "place": a number}…]} */
	OTX_PAGE	/* {"entry": {"created", "expiration"}} or
			 * {"next": true}; about its pulse */
};

/* What the observable types are called: in texts, in calls, in links. */
struct otx_kind {
	const char	*name;		/* NULL: of no use to the service */
	const char	*api;		/* NULL: it cannot be asked for */
	const char	*link;
};
extern const struct otx_kind otx_kinds[OBSERVABLE_TYPES];

/* The base URL of the relay at hand. */
const char	*otx_url(const struct query *);

void	otx_answer(struct answer *, const struct query *);
void	otx_refer(struct answer *, const struct query *);

#endif
