#!/bin/sh
# The whole story on the generated world: pairs → phrases → run → model → timeline → evaluation → report, then over REST.
# sh scripts/demo.sh [FOLDER [quick]]; quick is too small to show anything, and is what the tests run.
set -eu
folder=${1:-demo}
if [ -e "$folder" ] && [ ! -e "$folder/.exposure-demo" ]; then
    echo "$folder exists and was not made by this demo. Name another folder: sh scripts/demo.sh FOLDER" >&2
    exit 1
fi
case ${2:-whole} in
    whole)
        world='--documents 4000 --pairs-per-paradigm 240 --density 0.75 --share 0.45 --skew 0.5'
        epochs=3 model='--shape mini --layers 2 --lr 4e-3 --checkpoint-steps 0:200:5,225:375:25' step=60
        ;;
    quick)
        world='--documents 400'
        epochs=2 model='--shape tiny --checkpoint-steps 0:24:8' step=8
        ;;
    *)
        echo "The second argument is quick or nothing, not $2." >&2
        exit 1
        ;;
esac
rm -rf "$folder"
mkdir -p "$folder/data/timelines"
touch "$folder/.exposure-demo"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
begun=$(date +%s)
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" # so small a model gains little from two, and waits long on busy cores

say() { printf '\n\033[1m# %s\033[0m\n' "$1"; }
show() {
    printf '$'
    for word in "$@"; do
        case $word in *[!A-Za-z0-9./_=-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
}
run() {
    started=$(date +%s)
    show "$@"
    "$@"
    printf '\033[2m(%s s)\033[0m\n' $(($(date +%s) - started))
}
last_line() { # of what a long list ends with; all of it is kept in LOG: last_line LOG COMMAND …
    log=$1
    shift
    started=$(date +%s)
    show "$@"
    "$@" > "$log"
    tail -n 1 "$log"
    printf '\033[2m(%s s; the whole list: %s)\033[0m\n' $(($(date +%s) - started)) "$log"
}

say "A small corpus, minimal pairs and a tokenizer, all generated; it is known what was planted where"
run exposure world "$folder/world" $world

say "The critical phrase of each side of each pair"
run exposure phrases "$folder/world/pairs.jsonl" -o "$folder/phrases.parquet"

say "The training run: one document a row, cut at 64 tokens, 32 rows a batch, shuffled from the second epoch on"
run exposure run init --corpus "$folder/world/corpus/*.jsonl.gz" --tokenizer "$folder/world/tokenizer.json" \
    --packing document-per-row --sequence-length 64 --row-prefix '<|endoftext|>' --batch-sequences 32 \
    --epochs "$epochs" --shuffle-seed 0 --shuffle-from-epoch 1 -o "$folder/run.json"

say "A small model, trained on exactly that, saved as it goes"
run exposure pretrain "$folder/run.json" --out "$folder/model" $model

say "Every phrase looked for in everything that the model was shown, in the order in which it was shown"
run exposure index --run "$folder/model/run.json" --phrases "$folder/phrases.parquet" \
    --out "$folder/data/timelines/demo" --workers 2

phrases=$(sed -n 's/.*"phrase": "\([^"]*\)", "gap": null.*"exposures": \[{.*/\1/p' "$folder/world/truth.jsonl" | sort -u | sed -n '1p;12p')
never=$(sed -n 's/.*"phrase": "\([^"]*\)", "gap": null.*"exposures": \[\], "deep": \[\].*/\1/p' "$folder/world/truth.jsonl" | sort -u | head -n 1)
first=$(printf '%s\n' "$phrases" | head -n 1)

say "When was it first seen? And which pairs had the model seen anything of by step $step?"
printf '%s\n%s\n' "$phrases" "$never" > "$folder/asked.txt"
run exposure first-seen "$folder/data/timelines/demo" --file "$folder/asked.txt"
run exposure split "$folder/data/timelines/demo" --pairs "$folder/phrases.parquet" --policy seen-by --at-step "$step"

say "What could it do before and after? Every checkpoint scores every pair"
last_line "$folder/evaluate.txt" exposure evaluate "$folder/model" --pairs "$folder/world/pairs.jsonl" \
    --timeline "$folder/data/timelines/demo" --out "$folder/evaluation"

say "Exposed pairs against unexposed ones: does the model know earlier what it has seen?"
run exposure report "$folder/evaluation"

say "The timeline over REST"
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

page=$folder/evaluation/report/report.html
if [ -t 1 ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open > /dev/null; then
    xdg-open "$page" > /dev/null 2>&1 &
elif [ -t 1 ] && [ "$(uname)" = Darwin ]; then
    open "$page"
fi
say "Done, in $(($(date +%s) - begun)) s. The report with its curves: $page"
printf 'Look around: . .venv/bin/activate; exposure --help; exposure serve --data %s/data, then http://127.0.0.1:8000/docs\n' "$folder"
