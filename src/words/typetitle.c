/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "words/typetitle.h"

/* Words of CTIM's names that people write in another way. */
static const struct {
	const char *word, *title;
} typetitle_words[] = { { "acudid", "ACUDID" }, { "amp", "AMP" },
	{ "cisco", "Cisco" }, { "cm", "CM" }, { "cortex", "Cortex" },
	{ "crowdstrike", "CrowdStrike" }, { "cvm", "CVM" },
	{ "cybereason", "Cybereason" }, { "darktrace", "Darktrace" },
	{ "google", "Google" }, { "guid", "GUID" }, { "id", "ID" },
	{ "imei", "IMEI" }, { "imsi", "IMSI" }, { "intune", "Intune" },
	{ "ip", "IP" }, { "ipv6", "IPv6" }, { "jamf", "Jamf" },
	{ "mac", "MAC" }, { "md5", "MD5" }, { "meraki", "Meraki" },
	{ "messageid", "message ID" }, { "mid", "MID" }, { "ms", "MS" },
	{ "ngfw", "NGFW" }, { "odns", "ODNS" }, { "orbital", "Orbital" },
	{ "pki", "PKI" }, { "s1", "S1" }, { "sha1", "SHA1" },
	{ "sha256", "SHA256" }, { "sn", "SN" }, { "swc", "SWC" },
	{ "uc", "UC" }, { "uid", "UID" }, { "url", "URL" } };

static void
typetitle_word(struct buf *b, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(typetitle_words) / sizeof(*typetitle_words); i++)
		if (strlen(typetitle_words[i].word) == len &&
		    memcmp(typetitle_words[i].word, word, len) == 0) {
			buf_adds(b, typetitle_words[i].title);
			return;
		}
	buf_add(b, word, len);
}

void
typetitle_add(struct buf *b, const char *name)
{
	size_t len;

	for (;; name += len + 1) {
		len = strcspn(name, "_");
		typetitle_word(b, name, len);
		if (name[len] == '\0')
			break;
		buf_addc(b, ' ');
	}
}
