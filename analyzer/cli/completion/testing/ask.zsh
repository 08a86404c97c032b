# SPDX-License-Identifier: Apache-2.0
#
# usage: zsh -f ask.zsh SCRIPT FOLDER LINE...: what zsh offers in that folder for the last word of each command line, one
# match on a line, and an empty line behind those of a command line. Completion takes an interactive shell, so there is one
# on a terminal of its own.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "stty -echo; PROMPT= RPROMPT=; unsetopt beep prompt_sp; bindkey -e"
zpty -w shell "autoload -Uz compinit; compinit -D -u; cd ${(q)2}; source ${(q)1}"
# Between < and > stands what would be offered.
zpty -w shell 'compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    local -a matches
    builtin compadd -O matches "$@"
    (( $#matches )) && print -rl -- "<"${^matches}">"
  fi
  builtin compadd "$@"
}'
# The line stays as it is.
zpty -w shell 'finished() { compstate[insert]= compstate[list]=; print "<>"; comppostfuncs=(finished) }; comppostfuncs=(finished)'
# Not as it is typed, for the shell may show that.
zpty -w shell "print re''ady"
zpty -r -m shell text '*ready*'
shift 2
for line; do
  zpty -w -n shell $'\C-u'$line$'\t'
  zpty -r -m shell text '*<>*'
  print -r -- $text | tr -d '\r' | sed -n 's/^.*<\(..*\)>$/\1/p'
  print
done
zpty -d shell
