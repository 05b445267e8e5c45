/* SPDX-License-Identifier: MIT */
/*
 * observable: what an analyst looks at, as CTIM types it.
 * Source: CTIM observable-type vocabulary.
 */
#ifndef CTIM_OBSERVABLE_H
#define CTIM_OBSERVABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of observable_names[]; the store keeps these numbers: append. */
enum observable_type {
	OBSERVABLE_DOMAIN,
	OBSERVABLE_EMAIL,
	OBSERVABLE_IP,
	OBSERVABLE_IPV6,
	OBSERVABLE_MD5,
	OBSERVABLE_SHA1,
	OBSERVABLE_SHA256,
	OBSERVABLE_URL,
	OBSERVABLE_FILE_NAME,
	OBSERVABLE_FILE_PATH,
	OBSERVABLE_MUTEX,
	OBSERVABLE_ACUDID,
	OBSERVABLE_AMP_COMPUTER_GUID,
	OBSERVABLE_CERTIFICATE_COMMON_NAME,
	OBSERVABLE_CERTIFICATE_ISSUER,
	OBSERVABLE_CERTIFICATE_SERIAL,
	OBSERVABLE_CISCO_CM_ID,
	OBSERVABLE_CISCO_MID,
	OBSERVABLE_CISCO_UC_ID,
	OBSERVABLE_CORTEX_AGENT_ID,
	OBSERVABLE_CROWDSTRIKE_ID,
	OBSERVABLE_CVM_ID,
	OBSERVABLE_CYBEREASON_ID,
	OBSERVABLE_DARKTRACE_ID,
	OBSERVABLE_DEVICE,
	OBSERVABLE_EMAIL_MESSAGEID,
	OBSERVABLE_EMAIL_SUBJECT,
	OBSERVABLE_GOOGLE_CHROMEBOOK_ID,
	OBSERVABLE_GOOGLE_CLOUD_ID,
	OBSERVABLE_HOSTNAME,
	OBSERVABLE_IMEI,
	OBSERVABLE_IMSI,
	OBSERVABLE_INTUNE_ID,
	OBSERVABLE_JAMF_MANAGEMENT_ID,
	OBSERVABLE_MAC_ADDRESS,
	OBSERVABLE_MERAKI_NETWORK_ID,
	OBSERVABLE_MERAKI_NODE_SN,
	OBSERVABLE_MERAKI_ORG_ID,
	OBSERVABLE_MS_MACHINE_ID,
	OBSERVABLE_NGFW_ID,
	OBSERVABLE_NGFW_NAME,
	OBSERVABLE_ODNS_IDENTITY,
	OBSERVABLE_ODNS_IDENTITY_LABEL,
	OBSERVABLE_ORBITAL_NODE_ID,
	OBSERVABLE_PKI_SERIAL,
	OBSERVABLE_PROCESS_ARGS,
	OBSERVABLE_PROCESS_HASH,
	OBSERVABLE_PROCESS_NAME,
	OBSERVABLE_PROCESS_PATH,
	OBSERVABLE_PROCESS_UID,
	OBSERVABLE_PROCESS_USERNAME,
	OBSERVABLE_PROCESSOR_ID,
	OBSERVABLE_REGISTRY_KEY,
	OBSERVABLE_REGISTRY_NAME,
	OBSERVABLE_REGISTRY_PATH,
	OBSERVABLE_S1_AGENT_ID,
	OBSERVABLE_SECURE_ACCESS_ID,
	OBSERVABLE_SERIAL_NUMBER,
	OBSERVABLE_SERVICE_NOW_ID,
	OBSERVABLE_SWC_DEVICE_ID,
	OBSERVABLE_TREND_MICRO_ID,
	OBSERVABLE_USER,
	OBSERVABLE_USER_AGENT,
	OBSERVABLE_TYPES, /* how many there are */
	OBSERVABLE_UNKNOWN = OBSERVABLE_TYPES
};

/* A set of types. */
struct observable_set {
	uint64_t bits[2]; /* that of a type: [type / 64], type % 64 */
};
/* The bit of a type that a list names, and the set of such bits, or'ed, as the
 * initialiser of a struct; all types there are are in the first word. */
#define OBSERVABLE_BIT(type) (UINT64_C(1) << (type))
#define OBSERVABLE_SET(bits_)      \
	{                          \
		{                  \
			(bits_), 0 \
		}                  \
	}
_Static_assert(OBSERVABLE_TYPES < 64, "types are in the first word");

extern const struct observable_set observable_all;

static inline bool
observable_set_has(const struct observable_set *s, size_t type)
{
	return type < OBSERVABLE_TYPES &&
	    (s->bits[type / 64] >> type % 64 & 1) != 0;
}

static inline void
observable_set_add(struct observable_set *s, enum observable_type type)
{
	s->bits[type / 64] |= UINT64_C(1) << type % 64;
}

/* Adds all that another set has. */
static inline void
observable_set_join(struct observable_set *s, const struct observable_set *more)
{
	s->bits[0] |= more->bits[0];
	s->bits[1] |= more->bits[1];
}

static inline bool
observable_set_empty(const struct observable_set *s)
{
	return (s->bits[0] | s->bits[1]) == 0;
}

struct observable {
	enum observable_type type;
	const char *value; /* as asked, never empty; not owned */
	size_t index;      /* place in the body */
};

/* The CTIM name of a type ("ip"), never NULL for a type of the enum. */
const char *observable_name(enum observable_type);
/* The type of a CTIM name, OBSERVABLE_UNKNOWN when no relay knows it. */
enum observable_type observable_type(const char *name);
/* The same, compared without case. */
enum observable_type observable_type_any_case(const char *name);

#endif
