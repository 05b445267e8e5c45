/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "ctim/observable.h"

static const char *const observable_names[OBSERVABLE_TYPES] = {
	[OBSERVABLE_DOMAIN] = "domain",
	[OBSERVABLE_EMAIL] = "email",
	[OBSERVABLE_IP] = "ip",
	[OBSERVABLE_IPV6] = "ipv6",
	[OBSERVABLE_MD5] = "md5",
	[OBSERVABLE_SHA1] = "sha1",
	[OBSERVABLE_SHA256] = "sha256",
	[OBSERVABLE_URL] = "url",
	[OBSERVABLE_FILE_NAME] = "file_name",
	[OBSERVABLE_FILE_PATH] = "file_path",
	[OBSERVABLE_MUTEX] = "mutex",
	[OBSERVABLE_ACUDID] = "acudid",
	[OBSERVABLE_AMP_COMPUTER_GUID] = "amp_computer_guid",
	[OBSERVABLE_CERTIFICATE_COMMON_NAME] = "certificate_common_name",
	[OBSERVABLE_CERTIFICATE_ISSUER] = "certificate_issuer",
	[OBSERVABLE_CERTIFICATE_SERIAL] = "certificate_serial",
	[OBSERVABLE_CISCO_CM_ID] = "cisco_cm_id",
	[OBSERVABLE_CISCO_MID] = "cisco_mid",
	[OBSERVABLE_CISCO_UC_ID] = "cisco_uc_id",
	[OBSERVABLE_CORTEX_AGENT_ID] = "cortex_agent_id",
	[OBSERVABLE_CROWDSTRIKE_ID] = "crowdstrike_id",
	[OBSERVABLE_CVM_ID] = "cvm_id",
	[OBSERVABLE_CYBEREASON_ID] = "cybereason_id",
	[OBSERVABLE_DARKTRACE_ID] = "darktrace_id",
	[OBSERVABLE_DEVICE] = "device",
	[OBSERVABLE_EMAIL_MESSAGEID] = "email_messageid",
	[OBSERVABLE_EMAIL_SUBJECT] = "email_subject",
	[OBSERVABLE_GOOGLE_CHROMEBOOK_ID] = "google_chromebook_id",
	[OBSERVABLE_GOOGLE_CLOUD_ID] = "google_cloud_id",
	[OBSERVABLE_HOSTNAME] = "hostname",
	[OBSERVABLE_IMEI] = "imei",
	[OBSERVABLE_IMSI] = "imsi",
	[OBSERVABLE_INTUNE_ID] = "intune_id",
	[OBSERVABLE_JAMF_MANAGEMENT_ID] = "jamf_management_id",
	[OBSERVABLE_MAC_ADDRESS] = "mac_address",
	[OBSERVABLE_MERAKI_NETWORK_ID] = "meraki_network_id",
	[OBSERVABLE_MERAKI_NODE_SN] = "meraki_node_sn",
	[OBSERVABLE_MERAKI_ORG_ID] = "meraki_org_id",
	[OBSERVABLE_MS_MACHINE_ID] = "ms_machine_id",
	[OBSERVABLE_NGFW_ID] = "ngfw_id",
	[OBSERVABLE_NGFW_NAME] = "ngfw_name",
	[OBSERVABLE_ODNS_IDENTITY] = "odns_identity",
	[OBSERVABLE_ODNS_IDENTITY_LABEL] = "odns_identity_label",
	[OBSERVABLE_ORBITAL_NODE_ID] = "orbital_node_id",
	[OBSERVABLE_PKI_SERIAL] = "pki_serial",
	[OBSERVABLE_PROCESS_ARGS] = "process_args",
	[OBSERVABLE_PROCESS_HASH] = "process_hash",
	[OBSERVABLE_PROCESS_NAME] = "process_name",
	[OBSERVABLE_PROCESS_PATH] = "process_path",
	[OBSERVABLE_PROCESS_UID] = "process_uid",
	[OBSERVABLE_PROCESS_USERNAME] = "process_username",
	[OBSERVABLE_PROCESSOR_ID] = "processor_id",
	[OBSERVABLE_REGISTRY_KEY] = "registry_key",
	[OBSERVABLE_REGISTRY_NAME] = "registry_name",
	[OBSERVABLE_REGISTRY_PATH] = "registry_path",
	[OBSERVABLE_S1_AGENT_ID] = "s1_agent_id",
	[OBSERVABLE_SECURE_ACCESS_ID] = "secure_access_id",
	[OBSERVABLE_SERIAL_NUMBER] = "serial_number",
	[OBSERVABLE_SERVICE_NOW_ID] = "service_now_id",
	[OBSERVABLE_SWC_DEVICE_ID] = "swc_device_id",
	[OBSERVABLE_TREND_MICRO_ID] = "trend_micro_id",
	[OBSERVABLE_USER] = "user",
	[OBSERVABLE_USER_AGENT] = "user_agent"
};

const struct observable_set observable_all =
    OBSERVABLE_SET(OBSERVABLE_BIT(OBSERVABLE_TYPES) - 1);

const char *
observable_name(enum observable_type type)
{
	return observable_names[type];
}

static enum observable_type
observable_find(const char *name, int (*compare)(const char *, const char *))
{
	unsigned i;

	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (compare(observable_names[i], name) == 0)
			break;
	return (enum observable_type)i;
}

enum observable_type
observable_type(const char *name)
{
	return observable_find(name, strcmp);
}

enum observable_type
observable_type_any_case(const char *name)
{
	return observable_find(name, strcasecmp);
}
