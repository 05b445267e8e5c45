# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def flag(f): (f? // false) == true;
def when(f): [f? | select([time?] != [])][0];
def objects_in(f): [f? | list | .[]? | objects];
def facts: with_entries(select(.value != null and .value != "")) | if . == {} then null else table end;

"https://viz.greynoise.io/ip/\($value)" as $page
| { malicious:  ["Malicious",  "High",    "High"],
    suspicious: ["Suspicious", "Medium",  "Medium"],
    benign:     ["Clean",      "None",    "High"],
    unknown:    ["Unknown",    "Unknown", "Low"],
    service:    ["Common",     "None",    "High"] } as $classes

# Both calls in one shape.
| ( .community | objects
    | { noise: flag(.noise), service: flag(.riot), class: text(.classification), name: text(.name),
        first: null, last: when(.last_seen), tags: [], facts: {} } ),
  ( .full | objects
    | (.internet_scanner_intelligence? | objects // {}) as $scanner
    | (.business_service_intelligence? | objects // {}) as $service
    | ($scanner.metadata? | objects // {}) as $meta
    | { noise: flag($scanner.found), service: flag($service.found), class: text($scanner.classification),
        name: (text($service.name) // text($scanner.actor)),
        first: when($scanner.first_seen), last: when($scanner.last_seen),
        tags: objects_in($scanner.tags),
        facts: {
          Network: ([text($meta.asn), text($meta.organization)] | map(select(. != null)) | join(" ")),
          Kind: text($meta.category), Country: text($meta.source_country), "Host name": text($meta.rdns),
          "Operating system": text($meta.os), VPN: text($scanner.vpn_service),
          Tor: (if flag($scanner.tor) then "yes" else null end)
        } } )

| . as $known
| (if $known.noise then ($known.class // "" | ascii_downcase) elif $known.service then "service" else "" end) as $class
| $classes[$class] as $row
| ( select($row != null) | {start_time: $now, days: 7} as $valid
    | {type: "verdict", disposition: $row[0], valid_time: $valid},
      { type: "judgement", disposition: $row[0], severity: $row[1], confidence: $row[2], priority: 85, valid_time: $valid,
        reason: (if $class == "service" then "A common service: \($known.name // "unnamed")"
                 else "Scans the Internet, and is \($class)" end),
        source_uri: $page, key: $class } ),
  ( select($known.noise and $known.last != null)
    | { type: "sighting", title: "Scans the Internet", confidence: "High", internal: false,
        description: "Sensors of GreyNoise have seen \($value)\(if ($known.name // "unknown") == "unknown" then "" else ", of \($known.name)" end).",
        severity: ($row[1]? // "Unknown"),
        observed_time: {start_time: ($known.first // $known.last), end_time: $known.last},
        source_uri: $page, external_references: [{source_name: "GreyNoise", url: $page}],
        data: ($known.facts | facts),
        key: "noise" } as $sighting
    | $sighting,
      ( $known.tags[:$limit][] | select(text(.name) != null)
        | link($sighting; "sighting-of"; {
            type: "indicator", title: .name, short_description: .name, description: text(.description),
            confidence: "Medium",
            severity: ({malicious: "High", suspicious: "Medium", benign: "None"}[text(.intention) // ""] // "Unknown"),
            tags: ([text(.category), text(.intention) | strings] + [.cves? | list | .[]? | strings]),
            external_ids: [text(.slug) // empty],
            source_uri: (if text(.slug) then "https://viz.greynoise.io/tags/\(.slug | @uri)" else null end),
            key: (text(.slug) // .name)
          }) ) )
