# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers, (strings | tonumber?)][0];
def when(f): [f? | time?][0];
def page(f): [f? | strings | select(test("^https?://[^\\s\"<>\\\\^`{|}]+$"))][0];
def objects_in(f): [f? | list | .[]? | objects];

# What is listed, as an observable; an address stands with its port.
def listed:
  text(.ioc) as $ioc | (text(.ioc_type) // "") as $kind
  | if $ioc == null then null
    elif $kind == "ip:port" then ip($ioc | sub(":[0-9]+$"; "") | ltrimstr("[") | rtrimstr("]"))
    elif $kind == "domain" then domain($ioc)
    elif $kind == "url" then url($ioc)
    elif $kind == "md5_hash" then {type: "md5", value: $ioc}
    elif $kind == "sha256_hash" then {type: "sha256", value: $ioc}
    else null end;

# Disposition, severity and confidence of a number from 0 to 100.
def row: band([[24, ["Unknown", "Low", "Low"]], [49, ["Suspicious", "Medium", "Low"]],
               [74, ["Malicious", "High", "Medium"]], [100, ["Malicious", "High", "High"]]]);

# The search for 192.0.2.1 finds 192.0.2.10, too.
[ (objects_in(.search.data)[] | select($type != "ip" or (listed | .value? == $value))),
  objects_in(.file.data)[] ]
| newest(when(.first_seen)) as $found | select($found != [])

# How sure the surest is; what has no number says nothing.
| ([$found[] | number(.confidence_level) | select(. != null)] | max) as $sure
| ( $sure | row | select(. != null) | {type: "verdict", disposition: .[0], valid_time: {start_time: $now, days: 7}} ),
  ( $found[] | text(.id) as $id | when(.first_seen) as $seen | text(.malware_printable) as $family
    | (if $id then "https://threatfox.abuse.ch/ioc/\($id | @uri)/" else null end) as $page
    | (text(.threat_type_desc) // text(.threat_type) // "Listed") as $what
    | [.tags? | list | .[]? | strings] as $tags
    | (number(.confidence_level) | row) as $row
    | ( select($row != null) | $row as [$disposition, $severity, $confidence]
        | { type: "judgement", disposition: $disposition, severity: $severity, confidence: $confidence, priority: 88, tlp: "white",
            reason: "\($family // "Malware"): \(text(.threat_type) // "listed")",
            valid_time: {start_time: ($seen // $now), end_time: ago(-7)}, source_uri: $page,
            key: "\($id // text(.ioc))" } ),
      ( select($seen != null)
        | { type: "sighting", title: "Listed on ThreatFox", description: "\($family // "Malware"). \($what)",
            severity: ($row[1]? // "Unknown"), confidence: ($row[2]? // "Unknown"), internal: false, tlp: "white",
            observed_time: {start_time: $seen, end_time: ([$seen, when(.last_seen)] | max)},
            external_ids: [$id | strings], source_uri: $page,
            external_references: [
              ({source_name: "ThreatFox", url: $page, external_id: $id} | select($page)),
              (page(.reference) | select(. != null) | {source_name: "Reference", url: .}) ],
            relations: (
              [ listed | select(. != null and .value != $value) | relation($observable; "Related_To"; .) ]
              + [ objects_in(.malware_samples)[:$limit][] | text(.sha256_hash) | select(. != null and . != $value)
                  | relation({type: "sha256", value: .}; "Related_To"; $observable) ]),
            data: ({ IOC: text(.ioc), Threat: text(.threat_type), Family: $family, Reporter: text(.reporter),
                     Confidence: number(.confidence_level),
                     Tags: (if $tags == [] then null else $tags | join(", ") end) }
                   | with_entries(select(.value != null)) | table),
            key: "\($id // text(.ioc))" } as $sighting
        | $sighting,
          ( select($family)
            | link($sighting; "sighting-of"; {
                type: "indicator", title: $family, short_description: "The malware family \($family)",
                description: "What ThreatFox lists of the malware family \($family)\(text(.malware_alias) // "" | if . == "" then "" else ", also \(.)" end).",
                confidence: "High", severity: "High", tlp: "white", tags: $tags,
                indicator_type: [{botnet_cc: "C2", payload: "File Hash Watchlist"}[text(.threat_type) // ""] // "Malware Artifacts"],
                external_ids: [text(.malware) // empty],
                external_references: [page(.malware_malpedia) | select(. != null) | {source_name: "Malpedia", url: .}],
                key: (text(.malware) // $family) }) ) ) )
