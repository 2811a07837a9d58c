# SPDX-License-Identifier: Apache-2.0
# bash completion for usher(1): methods and parameters as the daemon itself describes them.

# The words of the daemon that the line so far speaks to; kept for the shell's life, by the line's options and method.
_usher_ask()
{
        local key="$*"

        declare -gA _usher_kept
        if [[ -z ${_usher_kept[$key]-} ]]; then
                _usher_kept[$key]=$("$@" 2>/dev/null </dev/null)
        fi
        printf '%s\n' "${_usher_kept[$key]}"
}

_usher()
{
        local cur prev words cword
        local -a asking=("${COMP_WORDS[0]}")
        local i word=

        # := and = are word breaks of bash: put the words of this line together again.
        if declare -F _get_comp_words_by_ref >/dev/null; then
                _get_comp_words_by_ref -n =: cur prev words cword
        else
                words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
                cur=${words[cword]} prev=${words[cword-1]}
        fi

        for ((i = 1; i < cword; i++)); do
                case ${words[i]} in
                -s | --server | -t | --token | --token-file)
                        asking+=("${words[i]}" "${words[i + 1]-}")
                        ((i++))
                        ;;
                -e | --event | -o | --output) ((i++)) ;;
                -*) ;;
                *)
                        word=${words[i]}
                        break
                        ;;
                esac
        done

        case $prev in
        --token-file)
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                return
                ;;
        -o | --output)
                mapfile -t COMPREPLY < <(compgen -W 'json table' -- "$cur")
                return
                ;;
        -s | --server)
                mapfile -t COMPREPLY < <(compgen -W 'unix: tcp:' -- "$cur")
                compopt -o nospace
                return
                ;;
        -t | --token | -e | --event) return ;;
        esac

        case $word in
        '')
                if [[ $cur == -* ]]; then
                        mapfile -t COMPREPLY < <(compgen -W '-s --server -t --token --token-file -e --event -o --output
                                -n --dry-run -h --help -V --version' -- "$cur")
                else
                        mapfile -t COMPREPLY < <(compgen -W "import watch describe
                                $(_usher_ask "${asking[@]}" complete)" -- "$cur")
                fi
                ;;
        import)
                if ((cword == i + 1)); then
                        mapfile -t COMPREPLY < <(compgen -W 'schedule registrations' -- "$cur")
                elif [[ $cur == -* ]]; then
                        mapfile -t COMPREPLY < <(compgen -W '--dry-run' -- "$cur")
                else
                        compopt -o filenames
                        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                fi
                ;;
        watch) mapfile -t COMPREPLY < <(compgen -W 'checkin schedule registration server' -- "$cur") ;;
        describe) mapfile -t COMPREPLY < <(compgen -W "$(_usher_ask "${asking[@]}" complete)" -- "$cur") ;;
        *)
                mapfile -t COMPREPLY < <(compgen -W "$(_usher_ask "${asking[@]}" complete "$word")" -- "$cur")
                compopt -o nospace
                ;;
        esac
        if declare -F __ltrim_colon_completions >/dev/null; then
                __ltrim_colon_completions "$cur"
        fi
} &&
        complete -F _usher usher
