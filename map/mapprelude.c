/* SPDX-License-Identifier: MIT */
/*
 * The first part takes away by which a program could leave its question: each of
 * these functions of jq becomes one that does nothing.  The kernel would end the
 * process that tries (maplock.c), so that this only makes an error of it.
 */
#include "map/mapprelude.h"

const char mapprelude[] =
    "def env: error(\"env is not there\"); "
    "def input: error(\"input is not there\"); "
    "def inputs: error(\"inputs is not there\"); "
    "def debug: .; def debug(f): .; def stderr: .; "
    "def halt: error(\"halt is not there\"); "
    "def halt_error: error(\"halt_error is not there\"); "
    "def halt_error(f): error(\"halt_error is not there\"); "
    "def input_filename: null; def input_line_number: null; "
    "def get_search_list: error(\"get_search_list is not there\"); "
    "def modulemeta: error(\"modulemeta is not there\"); "
    "def now: error(\"now is not there, $now is\"); "
    /* What is asked. */
    ". as $dot | {} as $ENV | $dot.observable as $observable | "
    "$observable.value as $value | $observable.type as $type | "
    "$dot.type_name as $type_name | $dot.now as $now | $dot.limit as $limit | "
    "$dot.route as $route | $dot.claim as $claim | $dot.data as $data | "
    /* Lists. */
    "def list: if . == null then [] elif type == \"array\" then . "
    "else [.] end; "
    /* Reversed twice: equal ones stay in their order. */
    "def newest(f): list | reverse | sort_by(f) | reverse | .[:$limit]; "
    "def band($steps): . as $n | if type == \"number\" then "
    "first($steps[] | select($n <= .[0]) | .[1]) // null else null end; "
    /* Observables and what is between them. */
    "def ip($v): {type: (if ($v | type) == \"string\" and "
    "($v | contains(\":\")) then \"ipv6\" else \"ip\" end), value: $v}; "
    "def domain($v): {type: \"domain\", value: ($v | if type == \"string\" "
    "then rtrimstr(\".\") else . end)}; "
    "def url($v): {type: \"url\", value: $v}; "
    "def relation($from; $name; $to): "
    "{source: $from, relation: $name, related: $to}; "
    "def link($from; $name; $to): {type: \"relationship\", "
    "relationship_type: $name, source_ref: $from, target_ref: $to}; "
    "def table: {columns: [keys_unsorted[] | {name: ., type: \"string\"}], "
    "rows: [[.[] | if . == null then \"None\" else tostring end]]}; "
    /* Times, as completion reads them: a text of 9 to 13 digits is a number;
     * 253402300800 is the year 10000.  In jq 1.6 a ? that is not in a list
     * catches the errors behind it, too. */
    "def time: (if type != \"string\" then null "
    /* Most texts are a date, or a date and a time in UTC, which need no
     * regular expression: that takes ten times as long. */
    "elif length == 10 then . + \"T00:00:00Z\" elif length == 20 then . "
    "elif (.[10:11] | . == \"T\" or . == \" \") and (.[19:] | "
    "rtrimstr(\"+00:00\") | contains(\"+\") or contains(\"-\") | not) "
    "then .[:10] + \"T\" + .[11:19] + \"Z\" else null end) as $z | "
    "if $z != null and $z == [$z | fromdate? | todate][0] then $z else "
    "(if type == \"string\" and ([tonumber?][0] // 0 | "
    ". >= 100000000 and . < 10000000000000) then tonumber else . end) | "
    "if type == \"number\" then "
    "(if . > 100000000000 then . / 1000 else . end | floor) | "
    "if . >= 0 and . < 253402300800 then todate "
    "else error(\"no time: \\(.)\") end "
    "elif type == \"string\" then . as $t | "
    "(capture(\"^\\\\s*(?<d>\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d)"
    "(?:[Tt ](?<t>\\\\d\\\\d:\\\\d\\\\d)(?<s>:\\\\d\\\\d)?(?:[.,]\\\\d+)?"
    "\\\\s*(?:(?<g>[+-])(?<h>\\\\d\\\\d):?(?<m>\\\\d\\\\d)?)?)?\") // "
    "error(\"no time: \\($t)\")) | "
    "\"\\(.d)T\\(.t // \"00:00\")\\(.s // \":00\")Z\" as $z | "
    "if .g == null then $z else "
    "((.h | tonumber) * 3600 + (.m // \"0\" | tonumber) * 60) as $off | "
    "(if .g == \"+\" then -$off else $off end) as $off | "
    "$z | fromdate + $off | todate end "
    "else error(\"no time: \\(tojson)\") end end; "
    /* From the year 1000 on a time has four digits and can be compared. */
    "def ago($days): ($now | fromdate) - $days * 86400 | floor | "
    "if . >= -30610224000 and . < 253402300800 then todate "
    "else error(\"no time: \\(.)\") end; "
    "def markdown: {html: .}; "
    "$dot.answers | (";

const char mapprelude_end[] = "\n)";
