/**
 * The completion script for bash: it hands the words up to the cursor to `farhand complete` as they are.
 *
 * Bash splits words at `=` and `:`; they are joined again first, so that `--socket=tcp://host:1` is one word.
 */
export const bashScript = `# bash completion for farhand
_farhand() {
  local -a words=()
  local at word value rest directive=4
  for ((at = 1; at <= COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if ((at > 1)) && [[ $word == [=:]* || \${COMP_WORDS[at-1]} == *[=:] ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
  done
  COMPREPLY=()
  while IFS=$'\\t' read -r value rest; do
    case $value in
      :*) directive=\${value#:} ;;
      ?*) COMPREPLY+=("$(printf %q "$value")") ;;
    esac
  done < <(farhand complete -- "\${words[@]}" 2>/dev/null)
  if ((directive == 0)); then compopt -o default; fi
}
complete -F _farhand farhand`;
