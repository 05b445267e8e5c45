/* SPDX-License-Identifier: MIT */
/* What a STIX pattern looks for.  The examples of the specification are among
 * them. */
#include <string.h>

#include "cli/sharing/stix_pattern.h"
#include "tests/unit/unit.h"

#define MD5 "cead3f77f6cda6ec00f57d76c9a6879f"
#define SHA256 \
	"aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f"

#define OBJECTS      "! its pattern joins different objects by AND: "
#define OBSERVATIONS "! its pattern joins observations by AND: "
#define VALUES       "! its pattern joins two values by AND: "
#define OTHER        "! its pattern compares what is no value here: "
#define NOT          "! its pattern has NOT: "
#define UNEQUAL      "! its pattern has !=: "
#define LIKE         "! its pattern has LIKE: "
#define MATCHES      "! its pattern has MATCHES: "
#define FOLLOWED     "! its pattern has FOLLOWEDBY: "
#define QUALIFIER    "! its pattern has REPEATS, WITHIN or START: "

static const struct {
	const char *pattern, *says;
} cases[] = {
	/* Single comparisons. */
	{ "[ipv4-addr:value = '192.0.2.1']", "ipv4-addr 192.0.2.1\n" },
	{ " [ ipv6-addr:value=='2001:db8::1'\t]\n", "ipv6-addr 2001:db8::1\n" },
	{ "[domain-name:value = 'a.example']", "domain-name a.example\n" },
	{ "[url:value = 'http://a.example/']", "url http://a.example/\n" },
	{ "[email-addr:value = 'a@b.example']", "email-addr a@b.example\n" },
	{ "[email-message:from_ref.value = 'a@b.example']",
	    "email-addr a@b.example\n" },
	{ "[network-traffic:src_ref.value = '192.0.2.1']", " 192.0.2.1\n" },
	{ "([ipv4-addr:value = '192.0.2.1'])", "ipv4-addr 192.0.2.1\n" },
	{ "[((ipv4-addr:value = '192.0.2.1'))]", "ipv4-addr 192.0.2.1\n" },
	{ "[domain-name:resolves_to_refs[*].value = '192.0.2.1']",
	    " 192.0.2.1\n" },
	{ "[domain-name:resolves_to_refs[0].value = '192.0.2.1']",
	    " 192.0.2.1\n" },
	/* Hashes, however they are spelled. */
	{ "[file:hashes.MD5 = '" MD5 "']", "md5 " MD5 "\n" },
	{ "[file:hashes.md5 = '" MD5 "']", "md5 " MD5 "\n" },
	{ "[file:hashes.'MD5' = '" MD5 "']", "md5 " MD5 "\n" },
	{ "[file:hashes.'SHA-256' = '" SHA256 "']", "sha256 " SHA256 "\n" },
	{ "[file:hashes.\"SHA-256\" = '" SHA256 "']", "sha256 " SHA256 "\n" },
	{ "[file:hashes.SHA256 = '" SHA256 "']", "sha256 " SHA256 "\n" },
	{ "[artifact:hashes.'SHA-1' = 'ab']", "sha1 ab\n" },
	{ "[file:hashes.'SHA-512' = 'ab']", OTHER "file:hashes.SHA-512\n" },
	{ "[x509-certificate:hashes.'SHA-1' = 'ab']",
	    OTHER "x509-certificate:hashes.SHA-1\n" },
	/* Sets and networks. */
	{ "[ipv4-addr:value IN ('192.0.2.1','192.0.2.2' , '192.0.2.3')]",
	    "ipv4-addr 192.0.2.1\nipv4-addr 192.0.2.2\nipv4-addr 192.0.2.3\n" },
	{ "[ipv4-addr:value ISSUBSET '192.0.2.0/24']",
	    "ipv4-addr 192.0.2.0/24\n" },
	{ "[ipv4-addr:value ISSUPERSET '192.0.2.0/24']",
	    "! its pattern has ISSUPERSET: ipv4-addr:value\n" },
	{ "[ipv4-addr:value IN ()]", OTHER "ipv4-addr:value\n" },
	/* Escapes. */
	{ "[url:value = 'http://a.example/it\\'s\\\\x\\y']",
	    "url http://a.example/it's\\x\\y\n" },
	{ "[url:value = 'http://a.example/[x] AND ]']",
	    "url http://a.example/[x] AND ]\n" },
	/* OR, within and between observations. */
	{ "[domain-name:value = 'a.example' OR ipv4-addr:value = '192.0.2.1' "
	  "OR ipv4-addr:value = '192.0.2.2']",
	    "domain-name a.example\nipv4-addr 192.0.2.1\n"
	    "ipv4-addr 192.0.2.2\n" },
	{ "[url:value = 'x'] OR [url:value = 'y'] OR ([url:value = 'z'])",
	    "url x\nurl y\nurl z\n" },
	/* A part that is left out leaves the others, and is told once. */
	{ "[url:value = 'x' OR file:name = 'a' OR url:value LIKE 'b%' OR "
	  "file:name = 'c' OR url:value = 'y']",
	    "url x\n" OTHER "file:name\n" LIKE "url:value\nurl y\n" },
	{ "[url:value = 'x'] OR ([url:value = 'y'] AND [url:value = 'z'])",
	    "url x\n" OBSERVATIONS "y\n" },
	/* AND of one object. */
	{ "[file:name = 'a' AND file:hashes.MD5 = '" MD5 "']",
	    "md5 " MD5 "\n" },
	{ "[file:hashes.MD5 = '" MD5 "' AND file:size > 7 AND "
	  "file:mime_type = 'x']",
	    "md5 " MD5 "\n" },
	{ "[file:hashes.MD5 = '" MD5 "' AND file:hashes.'SHA-256' = '" SHA256
	  "' AND EXISTS file:name]",
	    "md5 " MD5 "\nsha256 " SHA256 "\n" },
	{ "[network-traffic:dst_ref.type = 'ipv4-addr' AND "
	  "network-traffic:dst_ref.value = '192.0.2.1' AND "
	  "network-traffic:dst_port IN (80, 443) AND "
	  "network-traffic:protocols[*] = 'tcp']",
	    " 192.0.2.1\n" },
	{ "[(file:name = 'a' OR file:name = 'b') AND (file:hashes.MD5 = 'x' OR "
	  "file:hashes.MD5 = 'y')]",
	    "md5 x\nmd5 y\n" },
	{ "[file:name = 'a' AND file:size = 7]", OTHER "file:name\n" },
	/* AND binds stronger than OR. */
	{ "[url:value = 'x' OR url:value = 'y' AND url:value = 'z']",
	    "url x\n" VALUES "y\n" },
	/* AND of others. */
	{ "[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port = 80]",
	    OBJECTS "192.0.2.1\n" },
	{ "[(url:value = 'x' OR file:name = 'y') AND file:size = 1]",
	    OBJECTS "x\n" },
	{ "[network-traffic:dst_ref.value = 'x' AND "
	  "network-traffic:src_ref.value = 'y']",
	    VALUES "x\n" },
	{ "[url:value = 'x'] AND [url:value = 'y']", OBSERVATIONS "x\n" },
	/* What cannot be looked up. */
	{ "[file:hashes.MD5 = 'x' AND file:name LIKE '%.exe']", LIKE "x\n" },
	{ "[url:value LIKE 'x%']", LIKE "url:value\n" },
	{ "[url:value != 'x']", UNEQUAL "url:value\n" },
	{ "[url:value <> 'x']", UNEQUAL "url:value\n" },
	{ "[url:value NOT = 'x']", NOT "url:value\n" },
	{ "[url:value NOT IN ('x', 'y')]", NOT "url:value\n" },
	{ "[NOT url:value = 'x']", NOT "url:value\n" },
	{ "[file:hashes.MD5 = 'x' AND file:size NOT = 1]", NOT "x\n" },
	{ "[url:value > 'x']", OTHER "url:value\n" },
	{ "[EXISTS url:value]", OTHER "url:value\n" },
	{ "[url:value = 7]", OTHER "url:value\n" },
	{ "[url:value = 'x'] FOLLOWEDBY [url:value = 'y']", FOLLOWED "x\n" },
	{ "[url:value = 'x'] START t'2014-01-13T07:03:17Z' STOP "
	  "t'2015-01-13T07:03:17.5Z'",
	    QUALIFIER "x\n" },
	/* The examples of the specification. */
	{ "[email-message:from_ref.value MATCHES '.+\\\\@example\\\\.com$' AND "
	  "email-message:body_multipart[*].body_raw_ref.name MATCHES '^Final "
	  "Report.+\\\\.exe$']",
	    MATCHES "email-message:from_ref.value\n" },
	{ "[file:hashes.'SHA-256' = '" SHA256
	  "' AND file:mime_type = 'application/x-pdf']",
	    "sha256 " SHA256 "\n" },
	{ "[file:hashes.'SHA-256' = 'bf07' OR file:hashes.MD5 = 'cead'] AND "
	  "[file:hashes.'SHA-256' = 'aec0']",
	    OBSERVATIONS "bf07\n" },
	{ "([file:hashes.MD5 = '79'] FOLLOWEDBY [win-registry-key:key = "
	  "'HKEY_LOCAL_MACHINE\\\\foo\\\\bar']) WITHIN 300 SECONDS",
	    QUALIFIER "79\n" },
	{ "[artifact:mime_type = 'application/vnd.tcpdump.pcap' AND "
	  "artifact:payload_bin MATCHES '\\\\xd4\\\\xc3']",
	    MATCHES "artifact:mime_type\n" },
	{ "[file:name = 'foo.dll' AND file:parent_directory_ref.path = "
	  "'C:\\\\Windows\\\\System32']",
	    OTHER "file:name\n" },
	{ "[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0]",
	    OTHER "file:extensions.windows-pebinary-ext.sections.entropy\n" },
	{ "[file:mime_type = 'image/bmp' AND file:magic_number_hex = h'ffd8']",
	    OTHER "file:mime_type\n" },
	{ "[network-traffic:dst_ref.type = 'ipv4-addr' AND "
	  "network-traffic:dst_ref.value = '203.0.113.33/32']",
	    " 203.0.113.33/32\n" },
	{ "[network-traffic:dst_ref.type = 'domain-name' AND "
	  "network-traffic:dst_ref.value = 'example.com'] REPEATS 5 TIMES "
	  "WITHIN 1800 SECONDS",
	    QUALIFIER "example.com\n" },
	{ "[domain-name:value = 'www.5z8.info' AND "
	  "domain-name:resolves_to_refs[*].value = '198.51.100.1/32']",
	    "domain-name www.5z8.info\n" },
	{ "[x509-certificate:issuer = 'CN=WEBMAIL' AND "
	  "x509-certificate:serial_number = '4c:0b']",
	    OTHER "x509-certificate:issuer\n" },
	{ "[(file:name = 'pdf.exe' OR file:size = '371712') AND file:created = "
	  "t'2014-01-13T07:03:17Z']",
	    OTHER "file:name\n" },
	{ "[email-message:sender_ref.value = 'jdoe@example.com' AND "
	  "email-message:subject = 'Conference Info']",
	    "email-addr jdoe@example.com\n" },
	{ "[x-usb-device:usbdrive.serial_number = '575833']",
	    OTHER "x-usb-device:usbdrive.serial_number\n" },
	{ "[process:command_line MATCHES '^.+>-add$'] FOLLOWEDBY "
	  "[process:command_line MATCHES'^.+>-add$'] WITHIN 300 SECONDS",
	    FOLLOWED "process:command_line\n" },
	{ "[network-traffic:dst_ref.value ISSUBSET "
	  "'2001:0db8:dead:beef:0000:0000:0000:0000/64']",
	    " 2001:0db8:dead:beef:0000:0000:0000:0000/64\n" },
	{ "([file:name = 'foo.dll'] AND [win-registry-key:key = 'x']) OR "
	  "[process:name = 'fooproc' OR process:name = 'procfoo']",
	    OBSERVATIONS "file:name\n" OTHER "process:name\n" },
	/* No patterns. */
	{ "", "= 0 an observation in brackets is missing" },
	{ "192.0.2.1", "= 0 an observation in brackets is missing" },
	{ "[url:value = 'x'", "= 16 a bracket is not closed" },
	{ "[url:value = 'x", "= 13 a string is not closed" },
	{ "[url:value = 'x'] x", "= 18 there is more behind its end" },
	{ "[url:value 'x']", "= 11 an operator is missing" },
	{ "[url:value = ]", "= 13 what is compared with is missing" },
	{ "[url = 'x']", "= 5 there is no colon behind the type of an object" },
	{ "[url: = 'x']", "= 6 the name of a property is missing" },
	{ "[url:a[x] = 1]", "= 7 the index of a list is no number" },
	{ "[url:value IN 'x']", "= 14 a set does not begin with a bracket" },
	{ "[url:value = 'x'] REPEATS 5", "= 27 a qualifier is not complete" },
	{ "[url:value = 'x' & url:value = 'y']",
	    "= 17 there is a character that no pattern has" },
	{ "((((((((((((((((((((((((((((((((([url:value = 'x'",
	    "= 32 too many brackets are within each other" }
};

START_TEST(patterns)
{
	const struct stix_part *part;
	struct stix_pattern p;
	struct buf said;
	const char *wrong;
	size_t i, k, at;

	stix_pattern_init(&p);
	buf_init(&said, 1U << 20);
	for (i = 0; i < COUNT(cases); i++) {
		buf_reset(&said);
		wrong = stix_pattern_read(&p, cases[i].pattern, &at);
		if (wrong != NULL)
			buf_addf(&said, "= %zu %s", at, wrong);
		for (k = 0; (part = stix_pattern_part(&p, k)) != NULL; k++)
			buf_addf(&said, "%s%s%s%s\n",
			    part->reason == NULL ? part->type : "! ",
			    part->reason == NULL ? " " : part->reason,
			    part->reason == NULL ? "" : ": ",
			    stix_pattern_text(&p, part));
		ck_assert_msg(strcmp(said.data, cases[i].says) == 0,
		    "%s\n%s\n%s", cases[i].pattern, said.data, cases[i].says);
	}
	buf_free(&said);
	stix_pattern_free(&p);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { patterns };

	return unit_run("stix_pattern", tests, COUNT(tests));
}
