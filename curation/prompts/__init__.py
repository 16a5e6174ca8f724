"""What model judges are asked, and how what they answer is read. Knows no framework and no model."""
