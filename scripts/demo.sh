#!/bin/sh
# The main job end to end on the generated world: pairs → phrases → run → timeline → answers, on the shell and over REST.
set -eu
folder=${1:-demo}
if [ -e "$folder" ] && [ ! -e "$folder/.exposure-demo" ]; then
    echo "$folder exists and was not made by this demo. Name another folder: sh scripts/demo.sh FOLDER" >&2
    exit 1
fi
rm -rf "$folder"
mkdir -p "$folder/data/timelines"
touch "$folder/.exposure-demo"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

say() { printf '\n\033[1m# %s\033[0m\n' "$1"; }
run() {
    printf '$'
    for word in "$@"; do
        case $word in *[!A-Za-z0-9./_=-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    "$@"
}

say "A small corpus, minimal pairs and a tokenizer, all generated; it is known what was planted where"
run exposure world "$folder/world"

say "The critical phrase of each side of each pair"
run exposure phrases "$folder/world/pairs.jsonl" -o "$folder/phrases.parquet" --report

say "The training run: one document a row, cut at 64 tokens, 32 rows a batch, a checkpoint every 25 steps"
run exposure run init --corpus "$folder/world/corpus/*.jsonl.gz" --tokenizer "$folder/world/tokenizer.json" \
    --packing document-per-row --sequence-length 64 --batch-sequences 32 --checkpoint-every 25 -o "$folder/run.json"

say "Every phrase looked for in everything that the run showed, in training order"
run exposure index --run "$folder/run.json" --phrases "$folder/phrases.parquet" --out "$folder/data/timelines/demo" --workers 2

phrases=$(sed -n 's/.*"phrase": "\([^"]*\)", "gap": null.*"exposures": \[{.*/\1/p' "$folder/world/truth.jsonl" | sort -u | sed -n '1p;12p')
never=$(sed -n 's/.*"phrase": "\([^"]*\)", "gap": null.*"exposures": \[\], "deep": \[\].*/\1/p' "$folder/world/truth.jsonl" | sort -u | head -n 1)
first=$(printf '%s\n' "$phrases" | head -n 1)

say "When was it first seen?"
printf '%s\n%s\n' "$phrases" "$never" > "$folder/asked.txt"
run exposure first-seen "$folder/data/timelines/demo" --file "$folder/asked.txt"
run exposure context "$folder/data/timelines/demo" "$first" --width 30

say "Proxy-train and proxy-validation at checkpoint 50"
run exposure split "$folder/data/timelines/demo" --pairs "$folder/phrases.parquet" --policy seen-by --at-step 50

say "The same over REST"
exposure serve --data "$folder/data" --port "$port" > "$folder/serve.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
python - "$port" "$first" <<'PYTHON'
import sys, time, urllib.parse, urllib.request
port, phrase = sys.argv[1:]
url = f"http://127.0.0.1:{port}/v1/timelines/demo/first-seen?" + urllib.parse.urlencode({"phrase": phrase})
print(f"$ curl '{url}'")
for attempt in range(100):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            print(answer.read().decode())
            break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit("the service did not answer; see serve.log")
PYTHON

say "Done. Look around: . .venv/bin/activate; exposure --help; exposure serve --data $folder/data, then http://127.0.0.1:8000/docs"
