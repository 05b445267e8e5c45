/*
 * query_token: the token that a query is sent with.
 */
#ifndef CTIM_QUERY_TOKEN_H
#define CTIM_QUERY_TOKEN_H

struct buf;
struct command;
struct conf;
struct query_options;
struct relay_conf;

/*
 * The token that was given; or one made of the credentials in a file, or, for a
 * relay of the configuration, asked for on the terminal; or, for one elsewhere
 * (relay NULL), the token itself is asked for.
 * The configuration gets a key when it has none, as nothing leaves the process.
 * Returns CMD_OK; else what is wrong has been printed, and it is the status.
 */
int query_token(const struct command *, const struct query_options *,
    struct conf *, const struct relay_conf *, struct buf *token);

#endif
