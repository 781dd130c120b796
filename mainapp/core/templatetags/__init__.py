"""What templates of every feature may use: icons and numbers."""
