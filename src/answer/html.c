/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer/html.h"
#include "answer/transport.h"
#include "base/buf.h"

/* Colours have a contrast of 4.5 and more in both schemes (WCAG 2.2, 1.4.3).
 * Whoever changes a byte changes the hash below, which ./test page: says. */
static const char html_style[] =
    ":root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--dim:#57606a;"
    "--line:#d0d7de;--box:#f6f8fa;--link:#0550ae}"
    "@media(prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;"
    "--dim:#9da7b3;--line:#30363d;--box:#161b22;--link:#79b8ff}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:58rem;padding:1.5rem 1rem 3rem;"
    "background:var(--back);color:var(--text);"
    "font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}"
    "h1{margin:0 0 .5rem;font-size:1.8rem;line-height:1.2}"
    "h2{margin:0 0 .25rem;font-size:1.3rem}"
    "h3{margin:1.25rem 0 .4rem;font-size:1rem}"
    "p{margin:0 0 .6rem}"
    "small,.dim{color:var(--dim);font-weight:400}"
    "a{color:var(--link)}a:focus-visible{outline:3px solid;"
    "outline-offset:2px}"
    "section,nav{margin-top:1.5rem;padding:1.1rem 1.25rem;"
    "border:1px solid var(--line);border-radius:.6rem}"
    "ul{margin:0;padding:0;list-style:none}"
    "nav li{margin:.3rem 0}"
    ".types{display:flex;flex-wrap:wrap;gap:.4rem}"
    ".types li{padding:0 .6rem;border:1px solid var(--line);"
    "border-radius:1rem;background:var(--box);font-size:.9rem}"
    "dl{margin:0;display:grid;grid-template-columns:minmax(0,auto) "
    "minmax(0,1fr);gap:.3rem 1.25rem}dd{margin:0;color:var(--dim)}"
    "@media(max-width:40rem){dl{display:block}dd{margin:0 0 .6rem}}"
    "code,pre{font:.9rem/1.5 ui-monospace,monospace}"
    "pre{margin:0 0 .6rem;padding:.75rem 1rem;border-radius:.4rem;"
    "background:var(--box);border:1px solid var(--line);"
    "white-space:pre-wrap;word-break:break-all}";

const char html_policy[] =
    "Content-Security-Policy: default-src 'none'; img-src 'self'; style-src "
    "'sha256-pVrN7r+rBMAKCnO2X38zvT1yLFmVr3ifTZImx6fMhSA='; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n";

/* The weight that an Accept header gives a media type that it names; 0 when it
 * does not name it. */
static double
html_weight(const char *accept, const char *type)
{
	size_t n = strlen(type), len;
	const char *q;

	for (; *accept != '\0'; accept += *accept == ',') {
		accept += strspn(accept, " \t");
		len = strcspn(accept, ",");
		if (len >= n && strncasecmp(accept, type, n) == 0 &&
		    strchr(",; \t", accept[n]) != NULL) {
			q = memmem(accept, len, "q=", 2);
			return q == NULL ? 1.0 : strtod(q + 2, NULL);
		}
		accept += len;
	}
	return 0;
}

bool
html_wanted(const struct transport *t)
{
	const char *accept = transport_var(t, "HTTP_ACCEPT");

	return accept != NULL &&
	    html_weight(accept, "text/html") >
	    html_weight(accept, "application/json");
}

void
html_text(struct buf *b, const char *text)
{
	static const struct {
		char c;
		const char *as;
	} marks[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&#39;" } };
	size_t i, n;

	for (; *text != '\0'; text++) {
		n = strcspn(text, "&<>\"'");
		buf_add(b, text, n);
		text += n;
		if (*text == '\0')
			return;
		for (i = 0; marks[i].c != *text; i++)
			;
		buf_adds(b, marks[i].as);
	}
}

void
html_begin(struct buf *b, const char *title, const char *icon, bool plain)
{
	buf_adds(b,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n<title>");
	html_text(b, title);
	buf_adds(b, "</title>\n");
	if (icon != NULL)
		buf_addf(b,
		    "<link rel=\"icon\" type=\"image/svg+xml\" href=\"%s\">\n",
		    icon);
	if (!plain) {
		buf_adds(b, "<style>");
		buf_add(b, html_style, sizeof(html_style) - 1);
		buf_adds(b, "</style>\n");
	}
	buf_adds(b, "</head>\n<body>\n");
}

void
html_end(struct buf *b)
{
	buf_adds(b, "</body>\n</html>\n");
}
