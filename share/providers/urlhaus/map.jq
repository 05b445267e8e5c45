# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers, (strings | tonumber?)][0];
def when(f): [f? | time?][0];
def page(f): [f? | strings | select(startswith("https://urlhaus.abuse.ch/"))][0];
def objects_in(f): [f? | list | .[]? | objects];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;

def judged($disposition; $severity; $confidence; $reason; $since; $page):
  {type: "verdict", disposition: $disposition, valid_time: {start_time: $now, days: 7}},
  { type: "judgement", disposition: $disposition, severity: $severity, confidence: $confidence, priority: 88, tlp: "white",
    reason: $reason, valid_time: {start_time: ($since // $now), end_time: ago(-7)}, source_uri: $page, key: "listed" };

def sighting($title; $what; $since; $until; $page):
  { type: "sighting", title: $title, description: $what, severity: "High", confidence: "High", internal: false, tlp: "white",
    observed_time: {start_time: $since, end_time: ([$since, $until] | max)}, source_uri: $page,
    external_references: [{source_name: "URLhaus", url: $page} | select($page)] };

def download:
  { type: "indicator", title: "Malware download", short_description: "A URL that gives malware",
    description: "URLs from which malware was loaded.", confidence: "High", severity: "High", tlp: "white",
    indicator_type: ["URL Watchlist"], source_uri: "https://urlhaus.abuse.ch/", key: "malware_download" };

def family($name):
  { type: "indicator", title: $name, short_description: "The malware family \($name)",
    description: "Files that URLhaus counts to the malware family \($name).", confidence: "High", severity: "High", tlp: "white",
    indicator_type: ["File Hash Watchlist"], source_uri: "https://urlhaus.abuse.ch/browse/signature/\($name | @uri)/",
    key: "family \($name)" };

# A host: malicious while it serves malware, unless it is a good one that is abused.
( .host | objects | select(.query_status == "ok")
  | objects_in(.urls) as $urls | page(.urlhaus_reference) as $page
  | ([$urls[] | select(.url_status == "online")] | length) as $online
  | ((text(.blacklists.spamhaus_dbl) // "") | startswith("abused_legit")) as $abused
  | select($urls != [] or when(.firstseen) != null)
  | judged((if $online > 0 and ($abused | not) then "Malicious" else "Suspicious" end);
           (if $online > 0 then "High" else "Medium" end); (if $online > 0 then "High" else "Medium" end);
           "Malware was spread from here by \(number(.url_count) // ($urls | length)) URLs, \($online) of those listed still do"
           + (if $abused then "; a good host that is abused" else "" end);
           when(.firstseen); $page),
    ( $urls | newest(when(.date_added))[] | text(.url) as $url | when(.date_added) as $added
      | select($url != null and $added != null)
      | link(
          sighting("URL with malware"; "\($url) is \(text(.url_status) // "of unknown state")"; $added; null;
                   page(.urlhaus_reference))
          + { relations: [relation(url($url); (if $type == "domain" then "Contains" else "Hosted_By" end); $observable)],
              data: ({ URL: $url, State: text(.url_status), Threat: text(.threat),
                       Tags: ([.tags? | list | .[]? | strings] | if . == [] then null else join(", ") end),
                       Reporter: text(.reporter) } | facts),
              key: $url };
          "sighting-of"; download) ) ),

# A URL, and the files that it gave.
( .site | objects | select(.query_status == "ok")
  | page(.urlhaus_reference) as $page | when(.date_added) as $added
  | ((text(.url_status) // "unknown")) as $state
  | judged("Malicious"; "High"; (if $state == "online" then "High" else "Medium" end);
           "A URL that spread malware, now \($state)"; $added; $page),
    ( (sighting("URL with malware"; "Malware was loaded from here; the URL is now \($state)."; ($added // $now); when(.last_online); $page)
       + { data: ({ State: $state, Threat: text(.threat), Host: text(.host),
                    Tags: ([.tags? | list | .[]? | strings] | if . == [] then null else join(", ") end),
                    Reporter: text(.reporter) } | facts),
           key: "listed" }) as $listed
      | link($listed; "sighting-of"; download) ),
    ( objects_in(.payloads) | newest(when(.firstseen))[]
      | text(.response_sha256) as $sha256 | text(.signature) as $family | when(.firstseen) as $seen
      | select($sha256 != null and $seen != null)
      | ( sighting("File from a URL with malware";
            "\(text(.filename) // "A file") was loaded from here\(if $family then ": \($family)" else "" end)."; $seen; null; $page)
          + { relations: [relation({type: "sha256", value: $sha256}; "Downloaded_From"; $observable)],
              data: ({ Name: text(.filename), Type: text(.file_type), SHA256: $sha256, MD5: text(.response_md5), Family: $family } | facts),
              key: $sha256 } ) as $file
      | $file, (select($family) | link($file; "sighting-of"; family($family))) ) ),

# A file: of a known family it is malware, else only something that such a URL gave.
( .file | objects | select(.query_status == "ok")
  | text(.signature) as $family | text(.sha256_hash) as $sha256
  | objects_in(.urls) as $urls
  | (if $sha256 then "https://urlhaus.abuse.ch/browse.php?search=\($sha256 | @uri)" else null end) as $page
  | (if $family then "Malicious" else "Suspicious" end) as $disposition
  | judged($disposition; (if $family then "High" else "Medium" end); (if $family then "High" else "Medium" end);
           "Loaded from URLs with malware\(if $family then ": \($family)" else "" end)"; when(.firstseen); $page),
    ( ( sighting("File from URLs with malware"; "\($urls | length) URLs gave this file.";
          (when(.firstseen) // $now); when(.lastseen); $page)
        + { observables: ([$observable]
              + [ {type: "md5", value: text(.md5_hash)}, {type: "sha256", value: $sha256}
                  | select(.value != null and .type != $type) ]),
            relations: [$urls[:$limit][] | relation($observable; "Downloaded_From"; url(text(.url)))],
            data: ({ Type: text(.file_type), Size: [.file_size? | strings, numbers][0], Family: $family } | facts),
            key: "file" } ) as $file
      | $file, (select($family) | link($file; "sighting-of"; family($family))) ) )
