# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers][0];
def when(f): [f? | select([time?] != [])][0];
def texts(f): [f? | list | .[]? | strings | select(. != "")];
def nodes(f): [f? | objects | .edges? | list | .[]? | objects | .node? | objects];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;

# Disposition, severity and confidence by a score of 0 to 100.
def judged: band([[29, ["Unknown", "Low", "Low"]], [59, ["Suspicious", "Medium", "Medium"]],
                  [79, ["Malicious", "High", "Medium"]], [100, ["Malicious", "High", "High"]]]);
def sure: number(.confidence) | band([[0, "Unknown"], [29, "Low"], [69, "Medium"], [100, "High"]]) // "Medium";
def tlp:
  [.objectMarking? | list | .[]? | objects | text(.definition) // empty | ascii_downcase | select(startswith("tlp:")) | ltrimstr("tlp:")
   | {white: "white", clear: "white", green: "green", amber: "amber", "amber+strict": "amber", red: "red"}[.] // empty]
  | (["red", "amber", "green", "white"] - (["red", "amber", "green", "white"] - .))[0];

"https://\($claim.HOST)/dashboard/observations" as $site
| [ .search | objects | .data? | objects | nodes(.stixCyberObservables)[]
    | select([text(.observable_value), text(.name), (.hashes? | list | .[]? | objects | text(.hash))]
             | map(strings | ascii_downcase) | index($value | ascii_downcase)) ] as $found
| select($found != [])

# Indicators that hold now count before the score of the observable itself.
| [ $found[] | nodes(.indicators)[] | select(.revoked? != true)
    | select(when(.valid_until) == null or (.valid_until | time) > $now) ] as $valid
| ([$valid[] | number(.x_opencti_score) | select(. != null)] | max) as $best
| ($best // ([$found[] | number(.x_opencti_score) | select(. != null)] | max)) as $score
| ($score | judged) as $row
| ([$valid[] | select(number(.x_opencti_score) == $best) | when(.valid_until) // empty][0]) as $until
| (if $until then {start_time: $now, end_time: $until} else {start_time: $now, days: 7} end) as $period
| ( select($row)
    | {type: "verdict", disposition: $row[0], valid_time: $period},
      { type: "judgement", disposition: $row[0], severity: $row[1], confidence: $row[2], priority: 85, valid_time: $period,
        tlp: ($found[0] | tlp),
        reason: (if $best then "An indicator with the score \($best) of 100" else "The observable has the score \($score) of 100" end),
        source_uri: (if text($found[0].id) then "\($site)/observables/\($found[0].id | @uri)" else null end), key: "score" } ),
  ( $found[]
    | (if text(.id) then "\($site)/observables/\(.id | @uri)" else null end) as $page
    | tlp as $tlp
    | [.objectLabel? | list | .[]? | objects | text(.value) | strings] as $labels
    | ((number(.x_opencti_score) | judged | .[1]?) // "Unknown") as $severity
    | (when(.created_at) // when(.updated_at)) as $first | select($first)
    | { type: "sighting", title: "Known to OpenCTI", confidence: "Medium", severity: $severity, internal: false, tlp: $tlp,
        description: (text(.x_opencti_description) // "\(text(.entity_type) // "An observable") of OpenCTI"),
        observed_time: {start_time: $first, end_time: ([($first, when(.updated_at)) | select(. != null) | time] | max)},
        external_ids: [text(.id) // empty], source_uri: $page,
        external_references: [{source_name: "OpenCTI", url: $page} | select($page)],
        observables: ([$observable] + [
          .hashes? | list | .[]? | objects | text(.hash) as $h | select($h)
          | {type: ({"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256"}[text(.algorithm) // ""] // empty), value: $h}
          | select(.type != $type)]),
        data: ({ Type: text(.entity_type), Score: number(.x_opencti_score), Author: text(.createdBy.name),
                 Labels: (if $labels == [] then null else $labels | join(", ") end) } | facts),
        key: (text(.id) // "observable") } as $sighting
    | $sighting,
      ( nodes(.indicators)[:$limit][] | text(.name, .pattern) as $name | select($name)
        | link($sighting; "sighting-of"; {
            type: "indicator", title: $name[:1000], short_description: $name[:2000],
            description: (text(.description) // $name), confidence: sure,
            severity: ((number(.x_opencti_score) | judged | .[1]?) // "Unknown"), tlp: $tlp,
            tags: ($labels + texts(.indicator_types) | unique), external_ids: [text(.id) // empty],
            source_uri: (if text(.id) then "\($site)/indicators/\(.id | @uri)" else null end),
            valid_time: ({start_time: when(.valid_from), end_time: when(.valid_until)} | with_entries(select(.value != null))),
            indicator_type: ["Private Threat Feed"], key: (text(.id) // $name) }) ) )
