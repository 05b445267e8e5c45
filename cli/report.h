/*
 * report: the answer of a relay, as a person likes to read it.
 */
#ifndef CTIM_REPORT_H
#define CTIM_REPORT_H

struct asked;
struct command;
struct json_object;

/*
 * Prints an answer: verdicts first, then how much else there is, then errors;
 * or references, or a status.  asked: what the answer is about, so that it can
 * be said of what nothing is known; may be empty.
 */
void	report_print(const struct command *, struct json_object *answer,
	    const struct asked *asked);
/*
 * What the program exits with: CMD_MALICIOUS when a verdict (or, for what has
 * none, a judgement) says so; else CMD_FAILED when there are errors, so that
 * nothing incomplete looks clean; else CMD_OK.
 */
int	report_status(struct json_object *answer);

#endif
