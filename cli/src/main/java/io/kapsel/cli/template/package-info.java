/**
 * Go's text/template, as far as values of lists and of {@code inspect} need it: what users of
 * Docker write behind {@code --format}. See https://pkg.go.dev/text/template for the language.
 */
package io.kapsel.cli.template;
