/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "body/observables.h"
#include "tests/unit/unit.h"

static const struct {
	const char *body;
	const char *errors;
} refused[] = { { "", "{\"_schema\": [\"Invalid input type.\"]}" },
	{ "{}", "{\"_schema\": [\"Invalid input type.\"]}" },
	{ "null", "{\"_schema\": [\"Invalid input type.\"]}" },
	{ "[{\"type\":\"ip\",\"value\":\"1.1.1.1\"}",
	    "{\"_schema\": [\"Invalid input type.\"]}" },
	{ "[1]", "{\"0\": {\"_schema\": [\"Invalid input type.\"]}}" },
	{ "[null]", "{\"0\": {\"_schema\": [\"Invalid input type.\"]}}" },
	{ "[{}]",
	    "{\"0\": {\"type\": [\"Missing data for required field.\"], "
	    "\"value\": [\"Missing data for required field.\"]}}" },
	{ "[{\"type\":\"ip\",\"value\":\"\"}]",
	    "{\"0\": {\"value\": [\"Field may not be blank.\"]}}" },
	{ "[{\"type\":\"ip\",\"value\":\"x\"},{\"type\":null,\"value\":5}]",
	    "{\"1\": {\"type\": [\"Field may not be null.\"], "
	    "\"value\": [\"Not a valid string.\"]}}" },
	{ "[{\"type\":\"ip\",\"value\":\"a\\u0000b\"}]",
	    "{\"0\": {\"value\": [\"Not a valid string.\"]}}" },
	{ "[[],{\"type\":\"ip\",\"value\":\"x\"},{\"value\":\"\"}]",
	    "{\"0\": {\"_schema\": [\"Invalid input type.\"]}, \"2\": "
	    "{\"type\": "
	    "[\"Missing data for required field.\"], \"value\": "
	    "[\"Field may not be blank.\"]}}" },
	{ "[{\"type\":\"x\",\"value\":\"1\"},{\"type\":\"x\",\"value\":\"2\"},"
	  "{\"type\":\"x\",\"value\":\"3\"},{\"type\":\"x\",\"value\":\"4\"}]",
	    "{\"_schema\": [\"Longer than maximum length 3.\"]}" } };

START_TEST(types_in_any_case_are_taken_where_asked_for)
{
	static const char body[] =
	    "[{\"type\":\"EMail\",\"value\":\"a@b.example\"},"
	    "{\"type\":\"email\",\"value\":\"a@b.example\"}]";
	struct observables obs;
	struct buf errors;

	buf_init(&errors, 10000);
	ck_assert_int_eq(observables_parse(&obs, body, sizeof(body) - 1,
			     &observable_all, false, 5, &errors),
	    0);
	ck_assert_uint_eq(obs.n, 1);
	ck_assert_uint_eq(obs.list[0].index, 1);
	observables_free(&obs);
	ck_assert_int_eq(observables_parse(&obs, body, sizeof(body) - 1,
			     &observable_all, true, 5, &errors),
	    0);
	ck_assert_uint_eq(obs.n, 1);
	ck_assert_uint_eq(obs.list[0].index, 0);
	ck_assert_int_eq(obs.list[0].type, OBSERVABLE_EMAIL);
	observables_free(&obs);
	buf_free(&errors);
}
END_TEST

START_TEST(a_bad_body_is_refused_in_known_words)
{
	struct observables obs;
	struct buf errors;
	size_t i;

	buf_init(&errors, 10000);
	for (i = 0; i < COUNT(refused); i++) {
		ck_assert_int_eq(observables_parse(&obs, refused[i].body,
				     strlen(refused[i].body), &observable_all,
				     false, 3, &errors),
		    -1);
		ck_assert_str_eq(errors.data, refused[i].errors);
		ck_assert_uint_eq(obs.n, 0);
	}
	buf_free(&errors);
}
END_TEST

START_TEST(what_the_relay_does_not_take_is_skipped)
{
	static const char body[] =
	    "[{\"type\":\"mutex\",\"value\":\"m\"},"
	    "{\"type\":\"ip\",\"value\":\"1.1.1.1\",\"more\":[1]},"
	    "{\"type\":\"domain\",\"value\":\"1.1.1.1\"},"
	    "{\"type\":\"ip\",\"value\":\"1.1.1.1\"},"
	    "{\"type\":\"url\",\"value\":\"1.1.1.1\"}]";
	static const struct observable_set some = OBSERVABLE_SET(
	    OBSERVABLE_BIT(OBSERVABLE_IP) | OBSERVABLE_BIT(OBSERVABLE_DOMAIN));
	struct observables obs;
	struct buf errors;

	buf_init(&errors, 10000);
	ck_assert_int_eq(observables_parse(&obs, body, sizeof(body) - 1, &some,
			     false, 5, &errors),
	    0);
	ck_assert_uint_eq(obs.n, 2);
	ck_assert_int_eq(obs.list[0].type, OBSERVABLE_IP);
	ck_assert_uint_eq(obs.list[0].index, 1);
	ck_assert_int_eq(obs.list[1].type, OBSERVABLE_DOMAIN);
	observables_free(&obs);
	buf_free(&errors);
}
END_TEST

START_TEST(a_thousand_different_ones_stay)
{
	struct observables obs;
	struct buf body, errors;
	int i;

	buf_init(&errors, 10000);
	buf_init(&body, 1000000);
	for (i = 0; i < 1000; i++)
		buf_addf(&body, "%s{\"type\":\"ip\",\"value\":\"10.0.%d.%d\"}",
		    i == 0 ? "[" : ",", i / 250, i % 250);
	buf_addc(&body, ']');
	ck_assert_int_eq(observables_parse(&obs, body.data, body.len,
			     &observable_all, false, 1000, &errors),
	    0);
	ck_assert_uint_eq(obs.n, 1000);
	ck_assert_str_eq(obs.list[999].value, "10.0.3.249");
	observables_free(&obs);
	buf_free(&body);
	buf_free(&errors);
}
END_TEST

/* CTIM's vocabulary; those that the store of version 0.1 has come first, with its
 * numbers. */
static const char *const type_names[] = { "domain", "email", "ip", "ipv6",
	"md5", "sha1", "sha256", "url", "file_name", "file_path", "mutex",
	"acudid", "amp_computer_guid", "certificate_common_name",
	"certificate_issuer", "certificate_serial", "cisco_cm_id", "cisco_mid",
	"cisco_uc_id", "cortex_agent_id", "crowdstrike_id", "cvm_id",
	"cybereason_id", "darktrace_id", "device", "email_messageid",
	"email_subject", "google_chromebook_id", "google_cloud_id", "hostname",
	"imei", "imsi", "intune_id", "jamf_management_id", "mac_address",
	"meraki_network_id", "meraki_node_sn", "meraki_org_id", "ms_machine_id",
	"ngfw_id", "ngfw_name", "odns_identity", "odns_identity_label",
	"orbital_node_id", "pki_serial", "process_args", "process_hash",
	"process_name", "process_path", "process_uid", "process_username",
	"processor_id", "registry_key", "registry_name", "registry_path",
	"s1_agent_id", "secure_access_id", "serial_number", "service_now_id",
	"swc_device_id", "trend_micro_id", "user", "user_agent" };

START_TEST(all_types_of_ctim_are_known)
{
	char upper[64];
	size_t i, k;

	ck_assert_uint_eq(COUNT(type_names), 63);
	ck_assert_uint_eq(OBSERVABLE_TYPES, 63);
	for (i = 0; i < COUNT(type_names); i++) {
		ck_assert_str_eq(
		    observable_name((enum observable_type)i), type_names[i]);
		ck_assert_uint_eq(observable_type(type_names[i]), i);
		for (k = 0; k <= strlen(type_names[i]); k++)
			upper[k] =
			    (char)toupper((unsigned char)type_names[i][k]);
		ck_assert_uint_eq(observable_type_any_case(upper), i);
		ck_assert_uint_eq(observable_type(upper), OBSERVABLE_UNKNOWN);
	}
	ck_assert_uint_eq(observable_type("shoe"), OBSERVABLE_UNKNOWN);
	ck_assert_uint_eq(observable_type(""), OBSERVABLE_UNKNOWN);
}
END_TEST

START_TEST(sets_have_what_is_added)
{
	struct observable_set set = OBSERVABLE_SET(0),
			      more = OBSERVABLE_SET(
				  OBSERVABLE_BIT(OBSERVABLE_DOMAIN) |
				  OBSERVABLE_BIT(OBSERVABLE_USER_AGENT));
	unsigned i, n = 0;

	ck_assert(observable_set_empty(&set));
	ck_assert(!observable_set_has(&set, OBSERVABLE_DOMAIN));
	observable_set_add(&set, OBSERVABLE_HOSTNAME);
	observable_set_join(&set, &more);
	for (i = 0; i < 200; i++)
		n += observable_set_has(&set, i);
	ck_assert_uint_eq(n, 3);
	ck_assert(observable_set_has(&set, OBSERVABLE_HOSTNAME));
	ck_assert(observable_set_has(&set, OBSERVABLE_DOMAIN));
	ck_assert(observable_set_has(&set, OBSERVABLE_USER_AGENT));
	ck_assert(!observable_set_empty(&set));
	for (i = n = 0; i < 200; i++)
		n += observable_set_has(&observable_all, i);
	ck_assert_uint_eq(n, OBSERVABLE_TYPES);
	ck_assert(!observable_set_has(&observable_all, OBSERVABLE_UNKNOWN));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		types_in_any_case_are_taken_where_asked_for,
		a_bad_body_is_refused_in_known_words,
		what_the_relay_does_not_take_is_skipped,
		a_thousand_different_ones_stay, all_types_of_ctim_are_known,
		sets_have_what_is_added
	};

	return unit_run("observable", tests, COUNT(tests));
}
