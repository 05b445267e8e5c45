/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/sha256.h"
#include "tests/unit/unit.h"

static void
is(const unsigned char got[SHA256_BYTES], const char *hex)
{
	char text[2 * SHA256_BYTES + 1];
	size_t i;

	for (i = 0; i < SHA256_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", got[i]);
	ck_assert_str_eq(text, hex);
}

/* FIPS 180-2, appendix B. */
START_TEST(published_hashes)
{
	unsigned char out[SHA256_BYTES];

	sha256_hash("abc", 3, out);
	is(out,
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	sha256_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    56, out);
	is(out,
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1");
	sha256_hash("", 0, out);
	is(out,
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
}
END_TEST

/* RFC 4231, cases 1, 2 and 6. */
START_TEST(published_hmacs)
{
	static const char text[] = "Test Using Larger Than Block-Size Key - "
				   "Hash Key First";
	unsigned char key[131], out[SHA256_BYTES];

	memset(key, 0x0b, 20);
	sha256_hmac(key, 20, "Hi There", 8, out);
	is(out,
	    "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7");
	sha256_hmac("Jefe", 4, "what do ya want for nothing?", 28, out);
	is(out,
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	sha256_hmac(key, sizeof(key), text, strlen(text), out);
	is(out,
	    "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

START_TEST(hmacs_as_libcrypto_makes_them)
{
	unsigned char key[200], text[300], out[SHA256_BYTES];
	unsigned char theirs[SHA256_BYTES];
	size_t i, n;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)(i * 7);
	for (i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * 13);
	for (i = 1; i <= sizeof(key); i++) {
		n = (i * 11) % sizeof(text);
		sha256_hmac(key, i, text, n, out);
		ck_assert_ptr_nonnull(
		    HMAC(EVP_sha256(), key, (int)i, text, n, theirs, NULL));
		ck_assert_mem_eq(out, theirs, sizeof(out));
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { published_hashes, published_hmacs,
		hmacs_as_libcrypto_makes_them };

	return unit_run("sha256", tests, COUNT(tests));
}
