/*
 * intel_record: one record of the store, as text, JSON and CSV.  All add to a
 * buffer; running out of room shows in its failed mark.
 */
#ifndef CTIM_INTEL_RECORD_H
#define CTIM_INTEL_RECORD_H

#include <stdint.h>

struct buf;
struct record;

/* One line, in columns, for a terminal, and its heading. */
void intel_record_line(struct buf *, const struct record *, int64_t now);
void intel_record_heading(struct buf *);
/* All that is known, in several lines. */
void intel_record_block(struct buf *, const struct record *, int64_t now);
/* A JSON object, and a CSV row (RFC 4180) with its header row, in the words that
 * `intel import` reads. */
void intel_record_json(struct buf *, const struct record *);
void intel_record_csv(struct buf *, const struct record *);
void intel_record_csv_header(struct buf *);

#endif
