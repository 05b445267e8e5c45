# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers][0];
def when(f): [f? | select([time?] != [])][0];
def texts(f): [f? | list | .[]? | strings | select(. != "")];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;
def tlp: {"0": "white", "1": "green", "2": "amber", "3": "red", "4": "red"}["\(number(.tlp))"];
# What analyzers of Cortex said, as objects with level, namespace, predicate, value.
def said: [.reports? | objects | .[] | objects | .taxonomies? | list | .[]? | objects | select(text(.level))];
def word: "\(text(.namespace) // "Cortex"):\(text(.predicate) // "") \([.value? | strings, numbers | tostring][0] // "")";

[ .search | list | .[]? | objects | select(when(.startDate, ._createdAt) != null) ]
| newest(._createdAt)  as $found | select($found != [])
| [$found[] | said[]] as $said
| ([$said[] | .level | ascii_downcase]) as $levels
# An analyst's mark counts more than a scanner.
| (if any($found[]; .ioc? == true) then ["Malicious", "High", "High", "Marked as an IOC in a case"]
   elif $levels | index("malicious") then ["Malicious", "Medium", "Medium", "An analyzer of Cortex says malicious"]
   elif $levels | index("suspicious") then ["Suspicious", "Medium", "Low", "An analyzer of Cortex says suspicious"]
   else null end) as $row
| ( select($row) | {start_time: $now, days: 7} as $valid
    | {type: "verdict", disposition: $row[0], valid_time: $valid},
      { type: "judgement", disposition: $row[0], severity: $row[1], confidence: $row[2], priority: 90, valid_time: $valid, tlp: ($found[0] | tlp),
        reason: ([$row[3], ([$said[] | select(.level | ascii_downcase == ("malicious", "suspicious")) | word] | unique | .[:10] | join(", "))]
                 | map(select(. != "")) | join(": ")), key: "mark" } ),
  ( $found[]
    | (.extraData.case? | objects // {}) as $case
    | (if text($case._id) then "https://\($claim.HOST)/cases/\($case._id | @uri)/details" else null end) as $page
    | ({"1": "Low", "2": "Medium", "3": "High", "4": "Critical"}["\(number($case.severity))"] // "Unknown") as $severity
    | (text($case.title) // "A case of TheHive") as $title
    | tlp as $tlp
    | (when(.startDate) // when(._createdAt)) as $at
    | { type: "sighting", title: "In a case of TheHive", confidence: "High", severity: $severity, tlp: $tlp,
        internal: (.sighted? == true),
        description: "\($title)\(text(.message) // "" | if . == "" then "" else "\n\n\(.)" end)",
        observed_time: (when(.sightedAt) // $at), external_ids: [text(._id) // empty], source_uri: $page,
        external_references: [{source_name: "TheHive", url: $page} | select($page)],
        data: ({ Case: (number($case.number) | if . then "#\(.)" else null end), Status: text($case.status),
                 IOC: (if .ioc? == true then "yes" else "no" end), Sighted: (if .sighted? == true then "yes" else "no" end),
                 Tags: (texts(.tags) | if . == [] then null else join(", ") end),
                 Cortex: ([said[] | "\(word) (\(.level))"] | unique | if . == [] then null else join(", ") end) } | facts),
        key: (text(._id) // "\($at) \($title)") } as $sighting
    | $sighting,
      ( select($case != {})
        | link($sighting; "member-of"; {
            type: "indicator", title: $title, short_description: $title, description: (text($case.description) // $title)[:4000],
            confidence: "Medium", severity: $severity, tlp: ($case | tlp), tags: texts($case.tags), external_ids: [text($case._id) // empty],
            source_uri: $page, valid_time: ({start_time: when($case.startDate)} | with_entries(select(.value != null))),
            indicator_type: ["Private Threat Feed"], key: (text($case._id) // $title) }) ) )
