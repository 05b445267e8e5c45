# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def flag(f): [f? | select(. == (true, 1, "1"))] != [];
# Seconds as MISP writes them, in a string, or a time.
def when(f): [f? | ((strings | tonumber?), .) | select([time?] != [])][0];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;
def tags: [.Tag? | list | .[]? | objects | text(.name) | strings] | unique;
def tlp:
  [tags[] | ascii_downcase | select(startswith("tlp:")) | ltrimstr("tlp:")
   | {white: "white", clear: "white", green: "green", amber: "amber", "amber+strict": "amber", red: "red"}[.] // empty]
  | (["red", "amber", "green", "white"] - (["red", "amber", "green", "white"] - .))[0];

"https://\($claim.HOST)" as $misp
| [ ((.detection, .attributes) | objects | .response? | objects | .Attribute? | list | .[]? | objects)
    | select(flag(.deleted) | not) ]
| newest(when(.timestamp) | tostring) as $found | select($found != [])
| ( {start_time: $now, days: 7} as $valid
    | {type: "verdict", disposition: (if any($found[]; flag(.to_ids)) then "Malicious" else "Unknown" end), valid_time: $valid} ),
  ( $found[]
    | (.Event? | objects // {}) as $event
    | (text(.event_id) // text($event.id)) as $number
    | (if $number then "\($misp)/events/view/\($number | @uri)" else null end) as $page
    | (text($event.info) // "An event of MISP") as $info
    | ({"1": "High", "2": "Medium", "3": "Low"}[[$event.threat_level_id? | strings, numbers | tostring][0] // ""] // "Unknown") as $severity
    | when(.timestamp) as $changed
    | (text(.uuid) // "\(text(.id)) \(text(.value))") as $key
    | tags as $tags | tlp as $tlp
    | ( select(flag(.to_ids))
        | { type: "judgement", disposition: "Malicious", severity: (if $severity == "Unknown" then "Medium" else $severity end),
            confidence: "Medium", priority: 85, tlp: $tlp, reason: $info,
            valid_time: {start_time: (when(.first_seen) // $changed // $now), end_time: ago(-30)}, source_uri: $page, key: $key } ),
      ( (when(.first_seen) // $changed) as $first | select($first)
        | link(
            { type: "sighting", title: "In an event of MISP", confidence: "Medium", severity: $severity, internal: false, tlp: $tlp,
              description: "\($info)\(text(.comment) // "" | if . == "" then "" else "\n\n\(.)" end)",
              observed_time: {start_time: $first, end_time: (when(.last_seen) // $first)},
              external_ids: [text(.uuid) // empty], source_uri: $page,
              external_references: [{source_name: "MISP", url: $page} | select($page)],
              relations: [
                select(text(.type) == "domain|ip") | text(.value) // "" | split("|") | select(length == 2)
                | relation(domain(.[0]); "Resolved_To"; ip(.[1])) ],
              data: ({ Category: text(.category), Type: text(.type), Value: text(.value),
                       "For detection": (if flag(.to_ids) then "yes" else "no" end),
                       Tags: (if $tags == [] then null else $tags | join(", ") end) } | facts),
              key: $key };
            "sighting-of";
            { type: "indicator", title: $info, short_description: $info, description: $info, confidence: "Medium", severity: $severity,
              tlp: $tlp, tags: $tags, external_ids: [text($event.uuid) // empty], source_uri: $page,
              indicator_type: ["Private Threat Feed"], key: (text($event.uuid) // $number // $info) }) ) )
