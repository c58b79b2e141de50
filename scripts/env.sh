# To be sourced: puts the tools that scripts/setup brought in front of PATH.
PATH="$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)/target/tools/bin:$PATH"
export PATH
