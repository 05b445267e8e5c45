/* SPDX-License-Identifier: MIT */
/*
 * The least that a FastCGI program with libfcgi can do: read the body, answer a
 * fixed text.  What `make bench` measures the relay against.
 *
 * usage: floor BYTES <&SOCKET
 */
#include <stdlib.h>
#include <string.h>

#include <fcgiapp.h>

int
main(int argc, char **argv)
{
	static char body[65536];
	FCGX_Request request;
	size_t len = argc > 1 ? strtoul(argv[1], NULL, 10) : 2;
	char *text = malloc(len + 1);

	if (text == NULL || FCGX_Init() != 0 ||
	    FCGX_InitRequest(&request, 0, 0) != 0)
		return 1;
	memset(text, 'x', len);
	while (FCGX_Accept_r(&request) == 0) {
		while (FCGX_GetStr(body, sizeof(body), request.in) > 0)
			;
		FCGX_FPrintF(request.out,
		    "Content-Type: application/json\r\n"
		    "Content-Length: %d\r\n\r\n",
		    (int)len);
		FCGX_PutStr(text, (int)len, request.out);
		FCGX_Finish_r(&request);
	}
	free(text);
	return 0;
}
