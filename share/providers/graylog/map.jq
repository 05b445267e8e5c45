# What is not there, is "-" or is something else, is null.
def text(f): [f? | strings, (numbers | tostring) | select(. != "" and . != "-")][0];
def when(f): [f? | select([time?] != [])][0];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;

# Rows and the names of their columns as objects.
[ .search | objects | [.schema? | list | .[]? | [.field?, .name?] | map(strings | ltrimstr("field: ")) | .[0] // ""] as $names
  | .datarows? | list | .[]? | arrays
  | [., $names] | transpose | map(select((.[1]? | type) == "string") | {(.[1]): .[0]}) | add // {}
  | select(when(.timestamp)) ]
| newest(.timestamp | time)[]
| (text(.event_action) // "Message") as $title
| text(.alert_signature) as $rule
| { type: "sighting", title: $title, confidence: "High", internal: true,
    description: ((text(.message) // $title)[:2000]), observed_time: .timestamp,
    external_ids: [text(.gl2_message_id) // empty],
    source_uri: (if text(.gl2_message_id) then "https://\($claim.HOST)/search?rangetype=relative&relative=0&q=gl2_message_id%3A\(.gl2_message_id | @uri)" else null end),
    relations: [ text(.source_ip) as $from | text(.destination_ip) as $to | select($from != null and $to != null)
      | relation(ip($from); "Connected_To"; ip($to)) ],
    data: ({ Source: text(.source), Action: text(.event_action), From: (text(.source_ip) // text(.source_hostname)),
             To: (text(.destination_ip) // text(.destination_hostname)), User: text(.user_name), URL: text(.http_url),
             Query: text(.query_request), SHA256: text(.hash_sha256) } | facts),
    key: (text(.gl2_message_id) // "\(.timestamp) \(text(.source)) \(text(.message))") } as $sighting
| $sighting,
  ( select($rule)
    | link($sighting; "sighting-of"; {
        type: "indicator", title: $rule, short_description: $rule, description: $rule, confidence: "Medium", key: "rule \($rule)" }) )
